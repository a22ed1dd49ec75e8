import type { Writable } from 'node:stream'
import type { JobEvents } from './engine.ts'
import { openEventStream, type Followed } from './event-stream.ts'
import type { JobWatch } from './job-watch.ts'

/** Server-sent events of jobs: replay from the engine, then whatever comes, until every job of a stream has ended. */
export interface EventStreams {
  readonly size: number
  /** Writes to `sink` and ends it. */
  open(sink: Writable, jobs: readonly Followed[]): void
  stop(): void
}

export interface EventStreamOptions {
  /** Also how long a client may leave its unsent bytes where they are. @default 15 s */
  readonly heartbeatMs?: number
}

export function createEventStreams(
  engine: Pick<JobEvents, 'read'>,
  watch: Pick<JobWatch, 'watch'>,
  { heartbeatMs = 15_000 }: EventStreamOptions = {},
): EventStreams {
  const open = new Set<() => void>()
  return {
    get size() {
      return open.size
    },
    open(sink, jobs) {
      const close = openEventStream({ engine, watch, heartbeatMs }, sink, jobs)
      open.add(close)
      sink.once('close', () => open.delete(close))
    },
    stop() {
      for (const close of [...open]) close()
    },
  }
}
