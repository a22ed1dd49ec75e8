import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAttempt } from './runner-conformance/attempt-probe.ts'
import type { Runner, RunnerOptions } from './runner.ts'

const waitFor = { timeout: 20_000, interval: 10 }

/**
 * The promises of runner.ts, for any runner of the processor `conformance` that docs/reference/processor-protocol.md
 * asks for: three lines in its own test file.
 *
 * @example runnerConformance('bash', (options) => open('conformance.sh', options))
 */
export function runnerConformance(
  name: string,
  open: (options: RunnerOptions) => Promise<Runner>,
): void {
  describe(`runner: ${name}`, () => {
    let folder: string
    let runner: Runner
    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'longhaul-runner-'))
      runner = await open({
        slots: 2,
        dataDir: folder,
        env: [],
        recordsFileBytes: 1 << 20,
        shardBytes: 1 << 20,
        cancelGraceMs: { term: 2000, kill: 4000 },
      })
    })
    afterEach(async () => {
      await runner.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    })
    const start = (input: Record<string, string>, more?: Parameters<typeof startAttempt>[3]) =>
      startAttempt(runner, folder, input, more)

    it('says what it runs, and when it is ready', async () => {
      expect(runner.description).toMatchObject({ name: 'conformance', version: '1.0' })
      expect(runner.description.input).toHaveProperty('properties.text')
      const heard: string[] = []
      runner.onState((state) => heard.push(state.kind))
      await vi.waitUntil(() => runner.state().kind === 'ready', waitFor)
      expect(heard.every((kind) => kind === 'ready')).toBe(true)
    })

    it('completes with the value, one attempt after the other', async () => {
      for (const text of ['one', 'two', 'three']) {
        const { outcome } = await start({ do: 'echo', text })
        expect(await outcome).toMatchObject({ kind: 'completed', value: { text } })
      }
    })

    it('runs as many at once as it has slots, and lets others wait', async () => {
      const waiting = [await start({ do: 'wait' }), await start({ do: 'wait' })]
      await vi.waitUntil(() => waiting.every(({ progress }) => progress.length > 0), waitFor)
      const third = await start({ do: 'echo', text: 'third' })
      expect(third.progress).toEqual([])
      waiting[0]?.cancel('cancelled')
      expect(await third.outcome).toMatchObject({ kind: 'completed', value: { text: 'third' } })
      waiting[1]?.cancel('cancelled')
    })

    it('has given every output to the sink before the outcome is known', async () => {
      let taken = false
      const attempt = await start(
        { do: 'write', text: 'made' },
        {
          onOutput: async () => {
            await new Promise((resolve) => setTimeout(resolve, 50))
            taken = true
          },
        },
      )
      const outcome = await attempt.outcome
      expect(taken).toBe(true)
      expect(outcome).toMatchObject({ value: { file: { $output: 'made.txt' } } })
      expect(attempt.outputs.map((output) => output.name)).toEqual(['made.txt'])
      expect(attempt.outputs[0]?.path.startsWith(attempt.workspace)).toBe(true)
    })

    it('fails an attempt whose output the sink refuses, without blaming the author', async () => {
      const refuse = () => Promise.reject(new Error('the store is away'))
      const { outcome } = await start({ do: 'write', text: 'made' }, { onOutput: refuse })
      expect(await outcome).toMatchObject({ kind: 'failed', retry: 'lost' })
    })

    it('passes progress on, the last report included, each a sign of life', async () => {
      const attempt = await start({ do: 'track' })
      await attempt.outcome
      expect(attempt.progress.at(-1)).toMatchObject({ done: 5, total: 5, percent: 100 })
      expect(attempt.alive()).toBeGreaterThan(0)
    })

    it('keeps what was logged', async () => {
      const attempt = await start({ do: 'log', text: 'mind the gap' })
      await attempt.outcome
      const line = { from: 'log', level: 'warn', text: 'mind the gap' }
      expect(await attempt.log()).toMatchObject([line])
    })

    it('tells wrong input from failures that may pass and failures that will not', async () => {
      expect(await (await start({ do: 'invalid' })).outcome).toMatchObject({
        kind: 'failed',
        retry: 'never',
        problem: { code: 'invalid-input', status: 422, errors: [{ pointer: '/text' }] },
      })
      expect(await (await start({ do: 'permanent' })).outcome).toMatchObject({
        kind: 'failed',
        retry: 'never',
        problem: { code: 'permanent', detail: 'never' },
      })
      expect(await (await start({ do: 'transient' })).outcome).toMatchObject({
        kind: 'failed',
        retry: { afterMs: 1500 },
        problem: { code: 'transient' },
      })
    })

    it('stops an attempt that is cancelled, once, and serves the next', async () => {
      const attempt = await start({ do: 'wait' })
      await vi.waitUntil(() => attempt.progress.length > 0, waitFor)
      attempt.cancel('deadline')
      attempt.cancel('cancelled')
      expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'deadline' })
      const next = await start({ do: 'echo', text: 'next' })
      expect(await next.outcome).toMatchObject({ kind: 'completed' })
    })

    it('stops an attempt that still waits for a slot', async () => {
      const running = [await start({ do: 'wait' }), await start({ do: 'wait' })]
      const waiting = await start({ do: 'echo', text: 'never' })
      waiting.cancel('drain')
      expect(await waiting.outcome).toMatchObject({ kind: 'stopped', reason: 'drain' })
      for (const attempt of running) attempt.kill()
      for (const { outcome } of running) expect(await outcome).toMatchObject({ kind: 'stopped' })
    })

    it('keeps a checkpoint, tells whether it was saved, and goes on', async () => {
      for (const saved of [true, false]) {
        const kept: unknown[] = []
        const onCheckpoint = (checkpoint: unknown) =>
          Promise.resolve(kept.push(checkpoint) > 0 && saved)
        const { outcome } = await start({ do: 'checkpoint', text: 'kept' }, { onCheckpoint })
        expect(await outcome).toMatchObject({ kind: 'completed' })
        expect(kept).toMatchObject([{ state: { text: 'kept' }, files: ['state.txt'] }])
      }
    })

    it('continues from what was kept', async () => {
      const restored = { state: { text: 'kept' }, writers: [] }
      const files = { 'state.txt': 'kept in a file' }
      const { outcome } = await start({ do: 'restore' }, { restored, files })
      const value = { restored: { text: 'kept' }, text: 'kept in a file' }
      expect(await outcome).toMatchObject({ kind: 'completed', value })
    })

    it('stops an attempt that drains once it has kept a checkpoint', async () => {
      let asked = 0
      const onCheckpoint = () => Promise.resolve(++asked > 0)
      const attempt = await start({ do: 'steps', text: 'x' }, { onCheckpoint })
      await vi.waitUntil(() => attempt.progress.length > 0, waitFor)
      attempt.drain()
      attempt.drain()
      expect(await attempt.outcome).toMatchObject({ kind: 'stopped', reason: 'drain' })
      expect(asked).toBe(1)
      const next = await start({ do: 'echo', text: 'next' })
      expect(await next.outcome).toMatchObject({ kind: 'completed' })
    })

    it('gives an attempt that drains before it has a slot back at once', async () => {
      const running = [await start({ do: 'wait' }), await start({ do: 'wait' })]
      await vi.waitUntil(() => running.every(({ progress }) => progress.length > 0), waitFor)
      const waiting = await start({ do: 'echo', text: 'never' })
      waiting.drain()
      expect(await waiting.outcome).toMatchObject({ kind: 'stopped', reason: 'drain' })
      for (const attempt of running) attempt.kill()
    })

    it('ends running and waiting attempts when it is stopped', async () => {
      const attempts = await Promise.all([1, 2, 3].map(() => start({ do: 'wait' })))
      await vi.waitUntil(() => attempts.some(({ progress }) => progress.length > 0), waitFor)
      await runner.stop()
      for (const { outcome } of attempts) expect((await outcome).kind).not.toBe('completed')
    })
  })
}
