import { jobView } from '@longhaul/protocol'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createApp, type App, type ConfigOptions } from '../src/app/index.ts'
import { ownBackends } from './harness/backends.ts'
import { until } from './harness/until.ts'

const source = `import { defineProcessor, z } from 'longhaul'
export default [
  defineProcessor({
    name: 'sleeper',
    input: { ms: z.int() },
    run: ({ input, signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve({}), input.ms)
        signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)))
      }),
  }),
]
`
let folder: string
let app: App
let backends: ConfigOptions
const open = (): Promise<App> =>
  createApp({
    sources: [{ kind: 'file', path: path.join(folder, 'p.ts') }],
    config: { dataDir: path.join(folder, 'data'), ...backends },
    log: pino({ level: 'silent' }),
  })
const submit = async (processor: string, input: object) =>
  jobView.parse(
    (
      await app.inject({
        method: 'POST',
        url: `/processors/${processor}/jobs`,
        payload: { input },
      })
    ).json(),
  ).job_id
const read = async (id: string) =>
  jobView.parse((await app.inject(`/jobs/${id}?view=native`)).json())

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-ends-'))
  await writeFile(path.join(folder, 'p.ts'), source)
  backends = await ownBackends()
  app = await open()
})
afterEach(async () => {
  await app.stop()
  await rm(folder, { recursive: true, force: true })
})

it('[Y.2.27] a stopped service gives its jobs back uncounted, and they run when it is back', async () => {
  const id = await submit('sleeper', { ms: 2000 })
  await until('the start', async () => (await read(id)).status === 'running')
  await app.stop()
  app = await open()
  const { failures, lost } = await read(id)
  expect({ failures, lost }).toEqual({ failures: 0, lost: 0 })
  const end = await until('the end', async () => {
    const job = await read(id)
    return job.status === 'completed' ? job : undefined
  })
  expect(end).toMatchObject({ failures: 0, lost: 0, attempt: 2 })
})

it('stopped while jobs follow one another, gives back also what had just begun', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, () => submit('sleeper', { ms: 1 })))
  const views = () => Promise.all(ids.map(read))
  const count = async (status: string) =>
    (await views()).filter((job) => job.status === status).length
  await until('the first ends', async () => (await count('completed')) >= 3)
  await app.stop()
  expect(app.worker?.running).toBe(0)
  app = await open()
  await until('the end of all', async () => (await count('completed')) === ids.length)
  expect((await views()).filter(({ lost, failures }) => lost + failures > 0)).toEqual([])
})
