import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let folder: string
let service: HttpService
const file = () => path.join(folder, 'speak.ts')
const gate = () => path.join(folder, 'gate')
/** Says its word once the gate is there. */
const speak = (word: string, more = '') => `
  import { existsSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { defineProcessor, z } from 'longhaul'
  ${more}
  export default defineProcessor({
    name: 'speak', version: '${word}', input: { wait: z.boolean().default(false) },
    run: async ({ input, signal }) => {
      while (input.wait && !existsSync(${JSON.stringify(gate())})) await sleep(20, undefined, { signal })
      return { word: '${word}' }
    },
  })
`
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-reload-'))
  // What is imported into this process goes by the test runner's resolver, which knows no package here.
  await mkdir(path.join(folder, 'node_modules'))
  await symlink(path.join(import.meta.dirname, '..'), path.join(folder, 'node_modules', 'longhaul'))
  await writeFile(file(), speak('one'))
  service = await startHttpService({ maxConcurrentJobs: 2 }, [file()])
})
afterEach(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
})

const reload = () => service.app.reload(service.app.sources[0]!)
async function submit(input: object = {}): Promise<string> {
  const { json } = await service.call('POST /processors/speak/jobs', { json: { input } })
  return json.job_id as string
}
const said = async (id: string) => (await service.ended(id)).result

it('gives the next jobs the new code; those that run end with theirs, at their first attempt', async () => {
  const running = await submit({ wait: true })
  await until('its start', async () => {
    const { json } = await service.call(`GET /jobs/${running}`)
    return json.status === 'running'
  })
  await writeFile(file(), speak('two'))
  expect(await reload()).toMatchObject({ kind: 'reloaded' })
  expect((await service.call('GET /processors/speak')).json).toMatchObject({ version: 'two' })
  expect(await said(await submit())).toEqual({ word: 'two' })
  await writeFile(gate(), '')
  const ended = await service.ended(running)
  expect(ended).toMatchObject({ result: { word: 'one' }, attempt: 1, lost: 0, failures: 0 })
})

it.each<[string, string, string]>([
  ['cannot be loaded', 'export default {', 'could not be loaded'],
  ['fails in setup', '', 'failed in setup()'],
  ['would run inside the service', '', "runner: 'inline'"],
])('goes on with what it has when the new code %s', async (what, text, detail) => {
  const wrong = speak('two')
  const codes: Record<string, string> = {
    'fails in setup': wrong.replace(
      `name: 'speak'`,
      `setup: () => { throw new Error('no') }, name: 'speak'`,
    ),
    'would run inside the service': wrong.replace(
      `name: 'speak'`,
      `runner: 'inline', name: 'speak'`,
    ),
  }
  await writeFile(file(), codes[what] ?? text)
  expect(await reload()).toMatchObject({ kind: 'refused', detail: expect.stringContaining(detail) })
  expect(await said(await submit())).toEqual({ word: 'one' })
})

it('takes processors in and out of service', async () => {
  const two = `[
    defineProcessor({ name: 'a', run: () => 1 }), defineProcessor({ name: 'b', run: () => 2 }) ]`
  await writeFile(file(), `import { defineProcessor } from 'longhaul'\nexport default ${two}`)
  expect(await reload()).toMatchObject({ kind: 'reloaded' })
  const { json } = await service.call('GET /processors')
  expect(json).toMatchObject({ processors: [{ name: 'a' }, { name: 'b' }] })
  expect(json.processors).toHaveLength(2)
  expect((await service.call('POST /processors/b/run', { json: { input: {} } })).json.result).toBe(
    2,
  )
  expect((await service.call('POST /processors/speak/jobs', { json: { input: {} } })).status).toBe(
    404,
  )
})

it('is other code when a file changes that the served one imports', async () => {
  const digest = async () =>
    (await service.call('GET /processors/speak')).json.code_digest as string
  const helper = path.join(folder, 'helper.ts')
  await writeFile(helper, `export const volume = 1`)
  await writeFile(file(), speak('two', `import { volume } from './helper.ts'; void volume`))
  await reload()
  const before = await digest()
  await writeFile(helper, `export const volume = 2`)
  await reload()
  expect(await digest()).not.toBe(before)
  await writeFile(path.join(folder, 'stranger.ts'), 'export {}')
  const now = await digest()
  await reload()
  expect(await digest()).toBe(now)
})
