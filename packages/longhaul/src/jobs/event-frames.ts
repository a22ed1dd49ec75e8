import type { JobEvent as WireEvent, Problem, ProgressEvent } from '@longhaul/protocol'
import type { JobEvent } from './engine.ts'
import type { Job } from './job.ts'
import { iso, nativeProgress, publicProblem } from './projections/index.ts'

/** `id` is what a client sends back as Last-Event-ID to go on after this one. */
export function eventFrame({ jobId, no, type, attempt, at, data }: JobEvent, id: string): string {
  const { problem } = data as { problem?: Problem }
  const wire: WireEvent = {
    job_id: jobId,
    no,
    type,
    attempt,
    at: iso(at),
    data: { ...data, ...(problem && { problem: publicProblem(problem) }) } as WireEvent['data'],
  }
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(wire)}\n\n`
}

/** What the client knows of the job does not hold any more: what follows begins after number `no`. */
export const resetFrame = ({ id: jobId, attempt }: Job, no: number, id: string): string =>
  eventFrame({ jobId, no, type: 'reset', attempt, at: Date.now(), data: {} }, id)

/** Without an id: progress is never replayed, so a client must not resume after it. */
export function progressFrame(
  { id, attempt }: Job,
  progress: NonNullable<Job['progress']>,
): string {
  const event: ProgressEvent = {
    job_id: id,
    type: 'progress',
    attempt,
    data: nativeProgress(progress),
  }
  return `event: progress\ndata: ${JSON.stringify(event)}\n\n`
}
