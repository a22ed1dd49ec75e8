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
  streams.open(sink, [{ jobId: 'j_1', after: 1 }])
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
  createEventStreams(engine, watch).open(sink, [{ jobId: 'j_1', after: 0 }])
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
  streams.open(sink, [{ jobId: 'j_1', after: 0 }])
  await vi.waitFor(() => expect(textOf(sink)).toContain(': alive\n\n'))
  streams.stop()
  expect(sink.writableEnded).toBe(true)
})

it('cuts off a client that does not read', async () => {
  const { engine, watch, events, tell, watching } = script()
  const deaf = new Writable({ highWaterMark: 16 * 1024, write: () => undefined })
  const streams = createEventStreams(engine, watch, { heartbeatMs: 10 })
  streams.open(deaf, [{ jobId: 'j_1', after: 0 }])
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
  createEventStreams(engine, gone).open(sink, [{ jobId: 'j_1', after: 0 }])
  await vi.waitFor(() => expect(sink.writableEnded).toBe(true))
})

/** Several jobs at once: each with its own list of events. */
function scripts(ids: readonly string[]) {
  const all = new Map(
    ids.map((id) => [id, { events: [] as JobEvent[], job: jobForTest({ id, eventNo: 0 }) }]),
  )
  const listeners = new Map<string, JobListener>()
  const of = (id: string) => {
    const one = all.get(id)
    if (!one) throw new Error(id)
    return one
  }
  return {
    engine: {
      read: async (id: string, after: number, limit: number) =>
        of(id)
          .events.filter(({ no }) => no > after)
          .slice(0, limit),
    },
    watch: {
      watch(id: string, listen: JobListener) {
        listeners.set(id, listen)
        listen(of(id).job)
        return () => void listeners.delete(id)
      },
    },
    tell(id: string, change: Partial<Job>, ...types: string[]) {
      const one = of(id)
      for (const type of types) {
        const no = (one.events.at(-1)?.no ?? one.job.eventNo) + 1
        one.events.push({ jobId: id, no, attempt: 1, type, at: 0, data: {} })
      }
      one.job = { ...one.job, eventNo: one.events.at(-1)?.no ?? one.job.eventNo, ...change }
      listeners.get(id)?.(one.job)
    },
    forget: (id: string, upTo: number) => void of(id).events.splice(0, upTo),
  }
}
const all = async (sink: PassThrough): Promise<string> => {
  let text = ''
  for await (const chunk of sink) text += String(chunk)
  return text
}
const framesIn = (text: string) =>
  [...text.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)$/gm)].map(([, id, type, data]) => ({
    id,
    type,
    job: (JSON.parse(data ?? '') as { job_id: string }).job_id,
  }))

it('tells several jobs in one stream, whose ids know how far each has come', async () => {
  const { engine, watch, tell } = scripts(['j_1', 'j_2'])
  tell('j_1', {}, 'queued')
  tell('j_2', {}, 'queued')
  const streams = createEventStreams(engine, watch)
  const follow = (...after: number[]) => {
    const sink = new PassThrough()
    const jobs = ['j_1', 'j_2'].map((jobId, n) => ({ jobId, after: after[n] ?? 0 }))
    streams.open(sink, jobs)
    return all(sink)
  }
  const first = follow()
  await vi.waitFor(() => expect(streams.size).toBe(1))
  tell('j_2', { state: 'completed' }, 'started', 'completed')
  await new Promise(setImmediate)
  tell('j_1', { state: 'failed' }, 'started', 'failed')
  const frames = framesIn(await first)
  const typesOf = (id: string) => frames.flatMap(({ job, type }) => (job === id ? [type] : []))
  expect(typesOf('j_1')).toEqual(['queued', 'started', 'failed'])
  expect(typesOf('j_2')).toEqual(['queued', 'started', 'completed'])
  expect(frames.at(-1)?.id).toBe('3,3')
  // Whoever comes back with the id of any frame misses nothing and hears nothing twice.
  for (const [n, { id = '' }] of frames.entries()) {
    const rest = framesIn(await follow(...id.split(',').map(Number)))
    const key = ({ job, type }: (typeof frames)[number]) => `${job} ${type}`
    expect(rest.map(key).sort()).toEqual(
      frames
        .slice(n + 1)
        .map(key)
        .sort(),
    )
  }
  expect(streams.size).toBe(0)
})

it('goes on with a job that somebody retried while others run', async () => {
  const { engine, watch, tell } = scripts(['j_1', 'j_2'])
  tell('j_1', { state: 'failed' }, 'queued', 'failed')
  tell('j_2', {}, 'queued')
  const sink = new PassThrough()
  createEventStreams(engine, watch).open(
    sink,
    ['j_1', 'j_2'].map((jobId) => ({ jobId, after: 0 })),
  )
  await new Promise(setImmediate)
  tell('j_1', { state: 'queued' }, 'retried')
  tell('j_2', { state: 'completed' }, 'completed')
  await new Promise(setImmediate)
  expect(sink.writableEnded).toBe(false)
  tell('j_1', { state: 'completed' }, 'completed')
  const types = framesIn(await all(sink)).flatMap(({ job, type }) => (job === 'j_1' ? [type] : []))
  expect(types).toEqual(['queued', 'failed', 'retried', 'completed'])
})

it.each([
  ['what a client missed is gone', 0, 2, 'reset 2, c 3'],
  ['a client knows more than the service', 9, 0, 'reset 0, a 1, b 2, c 3'],
])('says reset, and goes on from what there is, when %s', async (_what, after, forgotten, told) => {
  const { engine, watch, tell, forget } = scripts(['j_1'])
  tell('j_1', { state: 'completed' }, 'a', 'b', 'c')
  forget('j_1', forgotten)
  const sink = new PassThrough()
  createEventStreams(engine, watch).open(sink, [{ jobId: 'j_1', after }])
  const frames = framesIn(await all(sink))
  expect(frames.map(({ id, type }) => `${type} ${id}`).join(', ')).toBe(told)
})
