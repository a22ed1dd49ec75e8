import {
  isFinished,
  isTerminalEvent,
  jobEvent,
  jobView,
  progressEvent,
  type JobEvent,
  type JobView,
  type ProgressEvent,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { networkReason, ServiceError, UnreachableError } from './errors.ts'
import { pause } from './pause.ts'
import { readFrames, type SseFrame } from './sse.ts'

export interface FollowOptions {
  /** Events with a number above this. @default 0: from the first on */
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** How long a service may be away before it counts as unreachable. @default 60 s */
  readonly patienceMs?: number | undefined
  /** A stream without a byte for this long is given up (the service sends one every 15 s). @default 45 s */
  readonly silenceMs?: number | undefined
  /** Between two looks where the service, or a proxy, has no event stream. @default 1 s */
  readonly pollMs?: number | undefined
}
/** `job` is the newest state; what made it newer is an event, a progress, or neither when it was polled. */
export interface JobUpdate {
  readonly job: JobView
  readonly event?: JobEvent
  readonly progress?: ProgressEvent
}

export const readJob = (
  connection: Connection,
  id: string,
  signal?: AbortSignal,
): Promise<JobView> =>
  connection.read(jobView, `/jobs/${encodeURIComponent(id)}`, { query: { view: 'native' }, signal })

/**
 * Follows a job to its end: over the event stream, reconnecting with Last-Event-ID however often it breaks, or by
 * asking again and again where there is no stream. The last update has the finished job.
 */
export async function* followJob(
  connection: Connection,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<JobUpdate, JobView> {
  let job = await readJob(connection, id, options.signal)
  yield { job }
  let last = options.after ?? 0
  let polls = 0
  let awaySince: number | undefined
  while (!isFinished(job.status)) {
    try {
      if (polls > 0) {
        polls--
        await pause(options.pollMs ?? 1000, options.signal)
        job = await readJob(connection, id, options.signal)
        yield { job }
        continue
      }
      for await (const frame of openEvents(connection, id, last, options)) {
        awaySince = undefined
        if (frame.event === 'progress') {
          const progress = progressEvent.parse(JSON.parse(frame.data))
          job = { ...job, progress: progress.data }
          yield { job, progress }
          continue
        }
        const event = jobEvent.parse(JSON.parse(frame.data))
        last = event.no
        // Messages and outputs may be many and change no state.
        if (event.type !== 'message' && event.type !== 'output') {
          job = await readJob(connection, id, options.signal)
        }
        yield { job, event }
        // A terminal event may be an old one, of before a retry: the job itself decides.
        if (isTerminalEvent(event.type) && isFinished(job.status)) return job
      }
      // The stream ended: the job did, or the service is stopping.
      job = await readJob(connection, id, options.signal)
      if (isFinished(job.status)) yield { job }
      else await pause(200, options.signal)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof NoStream) {
        polls = pollsBeforeStream
        continue
      }
      if (error instanceof ServiceError && error.status < 500) throw error
      awaySince ??= Date.now()
      if (Date.now() - awaySince > (options.patienceMs ?? 60_000)) {
        throw error instanceof UnreachableError
          ? error
          : new UnreachableError(connection.url, 1, error)
      }
      await pause(500, options.signal)
    }
  }
  return job
}

/** The raw stream: events as they come, reconnection left to the caller. */
export const openEvents = (
  connection: Connection,
  id: string,
  after: number,
  options: Pick<FollowOptions, 'signal' | 'silenceMs'> = {},
): AsyncGenerator<SseFrame> => {
  const path = `/jobs/${encodeURIComponent(id)}/events`
  return openStream(connection, path, after > 0 ? String(after) : undefined, options)
}

/** Any event stream of the service, from after the frame with that id on. */
export async function* openStream(
  connection: Connection,
  path: string,
  lastId: string | undefined,
  options: Pick<FollowOptions, 'signal' | 'silenceMs'> = {},
): AsyncGenerator<SseFrame> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  try {
    const request = connection.send(path, {
      headers: {
        accept: 'text/event-stream',
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
      signal,
      repeatable: false, // whoever follows tries again, and has a patience of its own
    })
    const response = await request.catch((error: unknown) => {
      throw hasNoStream(error) ? new NoStream(String(error), { cause: error }) : error
    })
    if (response.status === 204) return // nothing comes after what we have
    const type = response.headers.get('content-type') ?? ''
    if (!type.startsWith('text/event-stream') || response.body === null) throw new NoStream(type)
    yield* readFrames(unlessSilent(response.body, options.silenceMs ?? 45_000))
  } finally {
    stop.abort()
  }
}

/** Whoever answers has no event stream: poll, and look for one again now and then. */
export class NoStream extends Error {}
const pollsBeforeStream = 10

/** A service without streams or with too many, or a proxy that lets none through; the job itself may be there. */
const hasNoStream = (error: unknown): boolean =>
  error instanceof ServiceError &&
  ['not-found', 'method-not-allowed', 'unavailable', 'unknown'].includes(error.code)

async function* unlessSilent(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(networkReason(new DOMException('', 'TimeoutError')))),
          silenceMs,
        )
      })
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() =>
        clearTimeout(timer),
      )
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
