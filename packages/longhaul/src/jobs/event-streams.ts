import type { Writable } from 'node:stream'
import type { JobEvent as WireEvent, Problem, ProgressEvent } from '@longhaul/protocol'
import type { JobEvent, JobEvents } from './engine.ts'
import { isTerminal, type Job, type JobId } from './job.ts'
import type { JobWatch } from './job-watch.ts'
import { iso, nativeProgress, publicProblem } from './projections/index.ts'

/** Server-sent events of jobs: replay from the engine, then whatever comes, until the job has ended. */
export interface EventStreams {
  readonly size: number
  /** Writes to `sink` and ends it; `after` is the number of the last event that the client has. */
  open(sink: Writable, jobId: JobId, after: number): void
  stop(): void
}

export interface EventStreamOptions {
  /** Also how long a client may leave its unsent bytes where they are. @default 15 s */
  readonly heartbeatMs?: number
}

const maxUnsentBytes = 64 * 1024
const page = 100

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
    open(sink, jobId, after) {
      const close = stream(sink, jobId, after)
      open.add(close)
      sink.once('close', () => open.delete(close))
    },
    stop() {
      for (const close of [...open]) close()
    },
  }

  function stream(sink: Writable, jobId: JobId, after: number): () => void {
    let seen = after
    let progressAt = 0
    let latest: Job | undefined
    let pumping = false

    const finish = (): void => {
      clearInterval(heartbeat)
      unwatch()
      sink.end()
    }
    const pump = async (): Promise<void> => {
      if (pumping) return
      pumping = true
      try {
        while (latest && !sink.destroyed && !sink.writableEnded) {
          const job = latest
          latest = undefined
          await tell(job)
        }
      } catch (error) {
        sink.destroy(error as Error)
      } finally {
        // In the same turn as the loop's last look at `latest`, so that no change falls between.
        pumping = false
      }
    }
    const tell = async (job: Job): Promise<void> => {
      const ended = isTerminal(job.state)
      // The last progress belongs before the end, any other after the events that led to it.
      if (ended) tellProgress(job)
      while (seen < job.eventNo && !sink.destroyed) {
        const events = await engine.read(jobId, seen, page)
        for (const event of events) sink.write(frame(event))
        seen = events.at(-1)?.no ?? job.eventNo
        if (sink.writableNeedDrain) await drained(sink)
      }
      if (ended) finish()
      else tellProgress(job)
    }
    const tellProgress = ({ id, attempt, progress }: Job): void => {
      if (progress === undefined || progress.updatedAt === progressAt) return
      progressAt = progress.updatedAt
      sink.write(
        progressFrame({ job_id: id, type: 'progress', attempt, data: nativeProgress(progress) }),
      )
    }
    const unwatch = watch.watch(jobId, (job) => {
      if (job === undefined) return finish()
      latest = job
      void pump()
    })
    // A client that reads nothing is cut off rather than remembered; it may come back with Last-Event-ID.
    let stuck = false
    const heartbeat = setInterval(() => {
      const full = sink.writableLength > maxUnsentBytes
      if (full && stuck) sink.destroy()
      else if (!full) sink.write(': alive\n\n')
      stuck = full
    }, heartbeatMs)
    sink.once('close', () => {
      clearInterval(heartbeat)
      unwatch()
    })
    return finish
  }
}

function frame({ jobId, no, type, attempt, at, data }: JobEvent): string {
  const { problem } = data as { problem?: Problem }
  const wire: WireEvent = {
    job_id: jobId,
    no,
    type,
    attempt,
    at: iso(at),
    data: { ...data, ...(problem && { problem: publicProblem(problem) }) } as WireEvent['data'],
  }
  return `id: ${no}\nevent: ${type}\ndata: ${JSON.stringify(wire)}\n\n`
}

/** Without an id: progress is never replayed, so a client must not resume after it. */
const progressFrame = (event: ProgressEvent): string =>
  `event: progress\ndata: ${JSON.stringify(event)}\n\n`

const drained = (sink: Writable): Promise<void> =>
  new Promise((resolve) => {
    sink.once('drain', resolve)
    sink.once('close', resolve)
  })
