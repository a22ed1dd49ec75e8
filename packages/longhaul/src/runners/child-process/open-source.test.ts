import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startAttempt } from '../runner-conformance/attempt-probe.ts'
import type { Runner } from '../runner.ts'
import { childProcessRunners } from './index.ts'

const fixtures = path.join(import.meta.dirname, '../../../tests/fixtures/processors')

let folder: string
let runners: readonly Runner[] = []
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-open-')))
})
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()))
  runners = []
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function open(file: string, env: readonly string[] = []): Promise<readonly Runner[]> {
  const options = {
    slots: 2,
    dataDir: path.join(folder, 'data'),
    env,
    recordsFileBytes: 1e6,
    shardBytes: 1e6,
  }
  return (runners = await childProcessRunners.open(
    { kind: 'file', path: path.resolve(folder, file) },
    options,
  ))
}
const write = (name: string, text: string) => writeFile(path.join(folder, name), text)
async function runOnly(input = {}) {
  const [runner] = runners
  if (!runner) throw new Error('no runner')
  return (await startAttempt(runner, folder, input)).outcome
}

it('serves a file from an empty folder, which finds longhaul all the same', async () => {
  await write(
    'shout.ts',
    `import { defineProcessor, z } from 'longhaul'
    export default defineProcessor({ name: 'shout', input: { text: z.string() }, output: { text: z.string() },
      run: ({ input }: { input: { text: string } }) => ({ text: input.text.toUpperCase() }) })`,
  )
  const [runner] = await open('shout.ts')
  expect(runner?.description).toMatchObject({ name: 'shout', runtime: 'node24', output: {} })
  expect(runner?.description.version).toMatch(/^0\.0\.0\+dev\.[0-9a-f]{12}$/)
  expect(await runOnly({ text: 'hello' })).toMatchObject({ value: { text: 'HELLO' } })
})

it('serves CommonJS too', async () => {
  await write(
    'shout.cjs',
    `const { defineProcessor } = require('longhaul')
    module.exports = defineProcessor({ name: 'cjs', run: () => ({ ok: true }) })`,
  )
  await open('shout.cjs')
  expect(await runOnly()).toMatchObject({ value: { ok: true } })
})

it('opens every processor of a file, each with its own setup, in the folder of the file', async () => {
  await open(path.join(fixtures, 'pair.ts'))
  expect(runners.map(({ description }) => description.name)).toEqual(['first', 'second'])
  const [first, second] = runners as [Runner, Runner]
  const one = await startAttempt(first, folder, {})
  expect(await one.outcome).toMatchObject({
    value: { warm: 'first in its folder', cwd: one.workspace },
  })
  expect(await (await startAttempt(second, folder, {})).outcome).toMatchObject({
    value: { warm: 'second' },
  })
})

it.each([
  ['syntax.ts', 'export default {', /syntax.ts could not be loaded/],
  [
    'throws.ts',
    `console.log('hello'); throw new Error('no licence')`,
    /throws.ts could not be loaded: no licence/,
  ],
  ['missing.ts', `import 'no-such-library'`, /missing.ts could not be loaded: .*no-such-library/],
  [
    'nothing.ts',
    'export const a = 1',
    /default export is no processor; write `export default defineProcessor/,
  ],
  [
    'plain.ts',
    `import { defineProcessor } from 'longhaul'; export default defineProcessor({ name: 'a b', run: () => 1 })`,
    /part of its URL/,
  ],
  [
    'exits.ts',
    `console.error('leaving'); process.exit(7)`,
    /exits.ts ended \(exit code 7\) before it was ready: leaving/,
  ],
  ['text.txt', 'hello', /text.txt is no processor: serve a .ts/],
  ['absent.ts', undefined, /absent.ts cannot be read: there is no such file/],
])('says why %s cannot be loaded', async (name, text, message) => {
  if (text !== undefined) await write(name, text)
  await expect(open(name)).rejects.toMatchObject({
    code: 'processor-broken',
    message: expect.stringMatching(message),
  })
})

it('says why an executable that writes nonsense cannot be served', async () => {
  await write('garbage.sh', '#!/bin/sh\necho hello >&4\nsleep 600\n')
  await chmod(path.join(folder, 'garbage.sh'), 0o755)
  await expect(open('garbage.sh')).rejects.toMatchObject({
    code: 'processor-broken',
    message: expect.stringMatching(/fd 4 that is not of the protocol: no JSON: hello/) as string,
  })
})

it('tells a failing setup on the processor; jobs wait, and can be cancelled', async () => {
  const [runner] = await open(path.join(fixtures, 'broken-setup.ts'))
  await vi.waitUntil(() => runner?.state().kind === 'broken', { timeout: 20_000 })
  expect(runner?.state()).toMatchObject({
    problem: {
      code: 'processor-broken',
      detail: 'broken-setup.ts failed in setup(): weights.pt is not there',
    },
  })
  const attempt = await startAttempt(runner as Runner, folder, {})
  attempt.cancel('cancelled')
  expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'cancelled' })
})

it('is ready again when setup goes well the next time', async () => {
  await write(
    'moody.ts',
    `import { existsSync } from 'node:fs'
    import { defineProcessor } from 'longhaul'
    export default defineProcessor({ name: 'moody', run: () => ({ ok: true }),
      setup: () => { if (!existsSync('weights')) throw new Error('not yet') } })`,
  )
  const [runner] = await open('moody.ts')
  await vi.waitUntil(() => runner?.state().kind === 'broken', { timeout: 20_000 })
  await write('weights', '')
  expect(await runOnly()).toMatchObject({ value: { ok: true } })
  expect(runner?.state().kind).toBe('ready')
})

it('shows code a short list of variables, and those that were named', async () => {
  await write(
    'env.ts',
    `import { defineProcessor } from 'longhaul'
    export default defineProcessor({ name: 'env', run: () => ({ names: Object.keys(process.env).sort() }) })`,
  )
  vi.stubEnv('LONGHAUL_TEST_SECRET', 'secret')
  vi.stubEnv('LONGHAUL_TEST_LISTED', 'listed')
  await open('env.ts', ['LONGHAUL_TEST_LISTED'])
  const outcome = await runOnly()
  vi.unstubAllEnvs()
  const { names } = (outcome.kind === 'completed' ? outcome.value : {}) as { names: string[] }
  expect(names).toContain('LONGHAUL_TEST_LISTED')
  expect(names).toContain('LONGHAUL_ATTEMPT_ID')
  const allowed =
    /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|PYTHONUNBUFFERED|LONGHAUL_(ATTEMPT_ID|SUPERVISOR|PROCESS_MARK|TEST_LISTED))$/
  expect(names.filter((name) => !allowed.test(name))).toEqual([])
})

it('gives a processor the heap that it asks for', async () => {
  await write(
    'heap.ts',
    `import { getHeapStatistics } from 'node:v8'
    import { defineProcessor } from 'longhaul'
    export default defineProcessor({ name: 'heap', resources: { memory: '6 GiB' },
      run: () => ({ limit: getHeapStatistics().heap_size_limit }) })`,
  )
  await open('heap.ts')
  const outcome = await runOnly()
  const { limit } = (outcome.kind === 'completed' ? outcome.value : {}) as { limit: number }
  expect(limit).toBeGreaterThanOrEqual(6 * 2 ** 30)
})

it('runs a processor that asks for a thread in one, beside those that ask for none', async () => {
  await write(
    'threads.ts',
    `import { isMainThread, threadId } from 'node:worker_threads'
    import { defineProcessor } from 'longhaul'
    const run = () => ({ pid: process.pid, isMainThread })
    export default [
      defineProcessor({ name: 'threaded', runner: 'thread', run }),
      defineProcessor({ name: 'own', run }),
    ]`,
  )
  await open('threads.ts')
  const runs = runners.map(async (runner) => {
    const { outcome } = await startAttempt(runner, folder, {})
    return [runner.description.name, await outcome]
  })
  expect(Object.fromEntries(await Promise.all(runs))).toMatchObject({
    threaded: { value: { pid: process.pid, isMainThread: false } },
    own: { value: { isMainThread: true } },
  })
})

it('runs an inline processor in this very process', async () => {
  await open(path.join(fixtures, 'only-waits.ts'))
  expect(await runOnly()).toMatchObject({ value: { pid: process.pid } })
})
