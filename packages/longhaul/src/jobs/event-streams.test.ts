import { PassThrough, Writable } from 'node:stream'
import { expect, it, vi } from 'vitest'
import type { JobEvent } from './engine.ts'
import { createEventStreams } from './event-streams.ts'
import type { Job } from './job.ts'
import { jobForTest } from './job-for-test.fixture.ts'
import type { JobListener } from './job-watch.ts'

/** A watch whose changes the test announces, over a list of events. */
function script() {
  const events: JobEvent[] = []
  let listener: JobListener | undefined
  let job = jobForTest({ eventNo: 0 })
  return {
    events,
    watching: () => listener !== undefined,
    engine: {
      read: async (_id: string, after: number, limit: number) =>
        events.filter(({ no }) => no > after).slice(0, limit),
    },
    watch: {
      watch(_id: string, listen: JobListener) {
        listener = listen
        listen(job)
        return () => (listener = undefined)
      },
    },
    tell(change: Partial<Job>, ...types: string[]) {
      for (const type of types)
        events.push({ jobId: 'j_1', no: events.length + 1, attempt: 1, type, at: 0, data: {} })
      job = { ...job, ...change, eventNo: events.length }
      listener?.(job)
    },
  }
}

const textOf = (stream: PassThrough): string => String(stream.read() ?? '')
const typesIn = (text: string): string[] =>
  [...text.matchAll(/^event: (.*)$/gm)].map(([, t]) => t ?? '')

it('replays what happened, tells what happens, and ends with the job', async () => {
  const { engine, watch, tell } = script()
  tell({}, 'queued', 'started')
  const streams = createEventStreams(engine, watch)
  const sink = new PassThrough()
  streams.open(sink, 'j_1', 1)
  expect(streams.size).toBe(1)
  tell({ state: 'running', progress: { percent: 5, updatedAt: 1 } })
  tell({ progress: { percent: 6, updatedAt: 2 } }, 'message')
  tell({ state: 'completed' }, 'completed')
  const text = await new Promise<string>((resolve) => {
    let all = ''
    sink.on('data', (chunk: Buffer) => (all += chunk.toString()))
    sink.on('end', () => resolve(all))
  })
  const types = typesIn(text)
  expect(types.filter((type) => type !== 'progress')).toEqual(['started', 'message', 'completed'])
  expect(text).toContain('id: 2\nevent: started\n')
  // Newest only, and without an id: nobody must resume after a progress.
  expect(text).toMatch(/"percent":6/)
  expect(text).not.toMatch(/id: \d+\nevent: progress/)
  await vi.waitFor(() => expect(streams.size).toBe(0))
})

it('goes past the end of an earlier life when the job was retried', async () => {
  const { engine, watch, tell } = script()
  tell({ state: 'queued' }, 'queued', 'started', 'failed', 'retried')
  const sink = new PassThrough()
  createEventStreams(engine, watch).open(sink, 'j_1', 0)
  await vi.waitFor(() => expect(sink.readableLength).toBeGreaterThan(0))
  await vi.waitFor(() =>
    expect(typesIn(textOf(sink))).toEqual(['queued', 'started', 'failed', 'retried']),
  )
  expect(sink.writableEnded).toBe(false)
  tell({ state: 'completed' }, 'started', 'completed')
  await vi.waitFor(() => expect(sink.writableEnded).toBe(true))
})

it('says that it is alive while nothing happens', async () => {
  const { engine, watch } = script()
  const sink = new PassThrough()
  const streams = createEventStreams(engine, watch, { heartbeatMs: 5 })
  streams.open(sink, 'j_1', 0)
  await vi.waitFor(() => expect(textOf(sink)).toContain(': alive\n\n'))
  streams.stop()
  expect(sink.writableEnded).toBe(true)
})

it('cuts off a client that does not read', async () => {
  const { engine, watch, events, tell, watching } = script()
  const deaf = new Writable({ highWaterMark: 16 * 1024, write: () => undefined })
  const streams = createEventStreams(engine, watch, { heartbeatMs: 10 })
  streams.open(deaf, 'j_1', 0)
  const data = { text: 'x'.repeat(1000) }
  for (let no = 1; no <= 300; no++)
    events.push({ jobId: 'j_1', no, attempt: 1, type: 'message', at: 0, data })
  tell({ state: 'running' })
  await vi.waitFor(() => expect(deaf.destroyed).toBe(true))
  // It was never given more than one page beyond its limit.
  expect(deaf.writableLength).toBeLessThan(200 * 1024)
  await vi.waitFor(() => expect(streams.size).toBe(0))
  expect(watching()).toBe(false)
})

it('ends when the job is deleted', async () => {
  const { engine } = script()
  const sink = new PassThrough()
  const gone = {
    watch: (_id: string, listen: JobListener) => (
      queueMicrotask(() => listen(undefined)),
      () => undefined
    ),
  }
  createEventStreams(engine, gone).open(sink, 'j_1', 0)
  await vi.waitFor(() => expect(sink.writableEnded).toBe(true))
})
