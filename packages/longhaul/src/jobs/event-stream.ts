import type { Writable } from 'node:stream'
import type { JobEvents } from './engine.ts'
import { eventFrame, progressFrame, resetFrame } from './event-frames.ts'
import { isTerminal, type Job, type JobId } from './job.ts'
import type { JobWatch } from './job-watch.ts'
import { drained } from '../support/server-sent-events.ts'

export interface Followed {
  readonly jobId: JobId
  /** Number of the last event that the client has. */
  readonly after: number
}
interface StreamParts {
  readonly engine: Pick<JobEvents, 'read'>
  readonly watch: Pick<JobWatch, 'watch'>
  readonly heartbeatMs: number
}

const maxUnsentBytes = 64 * 1024
const page = 100

/**
 * Tells one client of its jobs, until all of them have ended; answers how to end it sooner. The id of a frame has the
 * position in every job, in the order in which they were asked for, so that nothing is kept here between two connections.
 */
export function openEventStream(
  { engine, watch, heartbeatMs }: StreamParts,
  sink: Writable,
  followed: readonly Followed[],
): () => void {
  const positions = followed.map(({ after }) => after)
  const unwatch: (() => void)[] = []
  const ended = new Set<number>()
  let draining: Promise<void> | undefined

  const finish = (): void => {
    clearInterval(heartbeat)
    for (const end of unwatch) end()
    sink.end()
  }
  const write = (frame: string): void => {
    if (!sink.destroyed && !sink.writableEnded) sink.write(frame)
  }
  const room = async (): Promise<void> => {
    if (!sink.writableNeedDrain) return
    draining ??= drained(sink).then(() => (draining = undefined))
    await draining
  }

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
    for (const end of unwatch) end()
  })
  for (const [index, { jobId }] of followed.entries()) unwatch.push(follow(jobId, index))
  return finish

  function follow(jobId: JobId, index: number): () => void {
    let progressAt = 0
    let latest: Job | undefined
    let pumping = false

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
      const isEnd = isTerminal(job.state)
      // The last progress belongs before the end, any other after the events that led to it.
      if (isEnd) tellProgress(job)
      await tellEvents(job)
      if (isEnd) end()
      else {
        ended.delete(index) // somebody retried it
        tellProgress(job)
      }
    }
    const tellEvents = async (job: Job): Promise<void> => {
      // A service that was restored from a backup knows less than its clients.
      if (positionOf(index) > job.eventNo) reset(job, 0)
      while (positionOf(index) < job.eventNo && !sink.destroyed) {
        const events = await engine.read(jobId, positionOf(index), page)
        const first = events[0]?.no ?? 0
        if (first > positionOf(index) + 1) reset(job, first - 1)
        for (const event of events) {
          positions[index] = event.no
          write(eventFrame(event, positions.join(',')))
        }
        if (events.length === 0) positions[index] = job.eventNo
        await room()
      }
    }
    const reset = (job: Job, no: number): void => {
      positions[index] = no
      write(resetFrame(job, no, positions.join(',')))
    }
    const tellProgress = (job: Job): void => {
      if (job.progress === undefined || job.progress.updatedAt === progressAt) return
      progressAt = job.progress.updatedAt
      write(progressFrame(job, job.progress))
    }
    const end = (): void => {
      ended.add(index)
      if (ended.size === followed.length) finish()
    }
    return watch.watch(jobId, (job) => {
      if (job === undefined) return end()
      latest = job
      void pump()
    })
  }

  function positionOf(index: number): number {
    return positions[index] ?? 0
  }
}
