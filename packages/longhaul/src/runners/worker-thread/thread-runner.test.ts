import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeProcessor, type Processor } from '../../processor/index.ts'
import { checkDescription } from '../check-description.ts'
import { startAttempt } from '../runner-conformance/attempt-probe.ts'
import { runnerConformance } from '../runner.conformance.ts'
import type { Runner } from '../runner.ts'
import { threadRunner } from './index.ts'

const file = path.join(import.meta.dirname, '../../../tests/fixtures/conformance/conformance.ts')

runnerConformance('thread', async (options) => {
  const { default: processor } = (await import(file)) as { default: Processor }
  return threadRunner(file, checkDescription(describeProcessor(processor), '0'.repeat(64)), options)
})

const source = `import { spawn } from 'node:child_process'
import { defineProcessor, z } from 'longhaul'
export default defineProcessor({
  name: 'odd',
  input: { do: z.string() },
  output: z.any(),
  setup: () => {
    if (process.env.SECRET) throw new Error('it sees the service’s environment')
    return { calls: 0 }
  },
  run: async ({ input, warm, progress, signal }) => {
    warm.calls++
    if (input.do === 'print') {
      console.log('to the log')
      return { calls: warm.calls }
    }
    if (input.do === 'spin') {
      progress({ message: 'spinning' })
      for (;;);
    }
    if (input.do === 'eat') {
      const all = []
      for (;;) all.push(new Array(1e5).fill(Math.random()))
    }
    if (input.do === 'some') {
      const held = Array.from({ length: 120 }, () => new Array(125_000).fill(0.5))
      return { held: held.length }
    }
    if (input.do === 'throw') setTimeout(() => { throw new Error('nobody awaits this') })
    if (input.do === 'exit') process.exit(3)
    if (input.do === 'daemon') {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
      return { pid: child.pid }
    }
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  },
})
`

describe('a processor in threads', () => {
  let folder: string
  let runner: Runner
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-thread-'))
    await writeFile(path.join(folder, 'odd.ts'), source)
    process.env['SECRET'] = 'yes'
    const input = { type: 'object', properties: {} }
    runner = threadRunner(
      path.join(folder, 'odd.ts'),
      checkDescription({ name: 'odd', input, output: {}, memory_bytes: 64 * 1024 ** 2 }, 'f'),
      {
        slots: 1,
        dataDir: folder,
        env: [],
        recordsFileBytes: 1 << 20,
        shardBytes: 1 << 20,
        cancelGraceMs: { term: 100, kill: 300 },
      },
    )
  })
  afterEach(async () => {
    delete process.env['SECRET']
    await runner.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const run = async (what: string, memoryBytes?: number) =>
    startAttempt(runner, folder, { do: what }, memoryBytes === undefined ? {} : { memoryBytes })

  it('stays warm from one attempt to the next, and keeps what was printed', async () => {
    expect(await (await run('print')).outcome).toMatchObject({ value: { calls: 1 } })
    const second = await run('print')
    expect(await second.outcome).toMatchObject({ kind: 'completed', value: { calls: 2 } })
    expect(await second.log()).toMatchObject([{ from: 'stdout', text: 'to the log' }])
  })

  it('ends a thread that heeds nothing, and serves the next attempt on another', async () => {
    const attempt = await run('spin')
    await vi.waitUntil(() => attempt.progress.length > 0, { timeout: 20_000 })
    attempt.cancel('cancelled')
    expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'cancelled' })
    expect(await (await run('print')).outcome).toMatchObject({ value: { calls: 1 } })
  })

  it('fails one that eats more than its heap as out of memory; the service lives', async () => {
    expect(await (await run('eat')).outcome).toMatchObject({
      kind: 'failed',
      problem: { code: 'out-of-memory' },
    })
    expect(await (await run('print')).outcome).toMatchObject({ kind: 'completed' })
  })

  it('gives one attempt the memory that it alone was given', async () => {
    const calls = async (memoryBytes?: number) => {
      const outcome = await (await run('some', memoryBytes)).outcome
      return outcome.kind === 'completed' ? 'completed' : outcome.kind
    }
    expect([await calls(), await calls(600e6), await calls()]).toEqual([
      'failed',
      'completed',
      'failed',
    ])
  })

  it.each([
    ['throw', /nobody awaits this/],
    ['exit', /exit code 3/],
  ])('a %s fails the attempt with what happened, and the thread is replaced', async (how, text) => {
    expect(await (await run(how)).outcome).toMatchObject({
      kind: 'failed',
      problem: { code: 'transient', detail: expect.stringMatching(text) },
    })
    expect(await (await run('print')).outcome).toMatchObject({ value: { calls: 1 } })
  })

  it('leaves no program of the attempt behind', async () => {
    const outcome = await (await run('daemon')).outcome
    const { pid } = (outcome as unknown as { value: { pid: number } }).value
    const isThere = (): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await vi.waitUntil(() => !isThere(), { timeout: 10_000 })
  })
})
