import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAttempt } from '../runner-conformance/attempt-probe.ts'
import type { Runner, RunOutcome } from '../runner.ts'
import { childProcessRunners } from './index.ts'
import { marksOf } from './attempt-marks.ts'
import { livingProcesses } from './process-table.ts'

const file = path.join(import.meta.dirname, '../../../tests/fixtures/processors/misbehave.ts')
const waitFor = { timeout: 20_000, interval: 20 }

let folder: string
let runner: Runner
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bad-'))
  const [opened] = await childProcessRunners.open(
    { kind: 'file', path: file },
    {
      slots: 1,
      dataDir: folder,
      env: [],
      recordsFileBytes: 1e6,
      shardBytes: 1e6,
      cancelGraceMs: { term: 500, kill: 1000 },
    },
  )
  runner = opened as Runner
})
afterAll(async () => {
  await runner.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const start = (how: string, text = '') => startAttempt(runner, folder, { how, text })
const run = async (how: string, text?: string): Promise<RunOutcome> =>
  (await start(how, text)).outcome
const markedWith = (attemptId: string): number[] =>
  livingProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => marksOf(pid)?.attemptId === attemptId)

// Whatever the attempt before did, the next one is served.
beforeEach(async () => {
  expect(await run('not-at-all')).toMatchObject({ kind: 'completed' })
})

describe('an attempt that ends its process', () => {
  it.each([
    ['exit', 'transient', 'policy', /exit code 3 before it gave a result/],
    ['exit-0', 'transient', 'policy', /exit code 0 before it gave a result/],
    ['segfault', 'worker-lost', 'lost', /SIGSEGV, which longhaul did not send/],
    ['throw-later', 'transient', 'policy', /thrown where nobody awaits/],
    ['reject-later', 'transient', 'policy', /rejected where nobody awaits/],
    ['memory', 'out-of-memory', 'policy', /its limit is 400000000/],
    ['heap', 'out-of-memory', 'policy', /memory|heap/],
    ['nonsense', 'transient', 'policy', /fd 4 that is not of the protocol: no JSON: this is no/],
  ])('by %s fails alone', async (how, code, retry, detail) => {
    const outcome = await run(how)
    expect(outcome).toMatchObject({ kind: 'failed', retry, problem: { code } })
    expect(outcome.kind === 'failed' && outcome.problem.detail).toMatch(detail)
  })

  it('says its last words', async () => {
    expect(await run('exit')).toMatchObject({ problem: { stderr_tail: 'on my way out' } })
  })
})

it('keeps a process whose attempt threw', async () => {
  const before = await run('not-at-all')
  expect(await run('throw')).toMatchObject({ problem: { detail: 'thrown by the author' } })
  expect(await run('not-at-all')).toMatchObject({
    value: before.kind === 'completed' ? before.value : {},
  })
})

it.each(['busy', 'deaf', 'slow-cleanup'])(
  'ends an attempt that is %s when cancelled',
  async (how) => {
    const attempt = await start(how)
    if (how !== 'busy') await vi.waitUntil(() => attempt.alive() > 0, waitFor)
    attempt.cancel('cancelled')
    const outcome = await attempt.outcome
    // One that returns although it was asked to stop has completed: its caller decides.
    expect(outcome.kind).toBe(how === 'slow-cleanup' ? 'completed' : 'stopped')
  },
)

it('leaves nothing of a normal end, and keeps the warm process', async () => {
  const attempt = await start('background')
  const outcome = await attempt.outcome
  const pid = outcome.kind === 'completed' ? (outcome.value as { pid: number }).pid : 0
  expect(markedWith(attempt.attemptId)).toEqual([])
  expect(
    livingProcesses()
      .filter((entry) => entry.group === pid)
      .map((entry) => entry.pid),
  ).toEqual([pid])
  expect(await run('not-at-all')).toMatchObject({ value: { pid } })
})

describe('a result that is none', () => {
  it.each([
    ['promise-inside', '', /result.file is a promise; did you forget "await"\?/],
    ['unwritten-path', '', /outputs.path\("never.txt"\), but nothing was written/],
    ['bad-name', '../../etc/passwd', /output name "..\/..\/etc\/passwd" cannot be used/],
    ['bad-name', '/etc/passwd', /cannot be used/],
    ['bad-name', 'x'.repeat(5000), /cannot be used/],
  ])('%s %s is refused with a sentence', async (how, text, detail) => {
    const outcome = await run(how, text)
    expect(outcome).toMatchObject({
      kind: 'failed',
      retry: 'never',
      problem: { code: 'permanent' },
    })
    expect(outcome.kind === 'failed' && outcome.problem.detail).toMatch(detail)
  })
})

it('gives away a file although nobody awaited its writing', async () => {
  const attempt = await start('unawaited')
  expect(await attempt.outcome).toMatchObject({ kind: 'completed' })
  expect(attempt.outputs.map(({ name }) => name)).toEqual(['a.txt'])
})

it('has all that was printed in the log when the outcome is known', async () => {
  const attempt = await start('print-and-end')
  await attempt.outcome
  const lines = await attempt.log()
  expect(lines.reduce((sum, { text }) => sum + text.length, 0)).toBe(3_000_007)
  expect(lines.at(-1)?.text === 'the end').toBe(true)
})

it('survives 100 MB without a newline', async () => {
  const before = process.memoryUsage().rss
  const attempt = await start('no-newline')
  expect(await attempt.outcome).toMatchObject({ kind: 'completed' })
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  expect((await attempt.log()).some(({ gap_bytes }) => gap_bytes !== undefined)).toBe(true)
})
