import { z } from 'zod'
import { jobKind, jobStatus, jobView } from './job.ts'

/** `GET /jobs?view=native`: newest first. */
export const jobList = z.object({
  jobs: z.array(jobView),
  total: z.int(),
  /** Above 10,000 the total is counted from the queues, not from the rows. */
  total_is_estimate: z.boolean(),
  /** Pass as `cursor` for the next page; null on the last. */
  next: z.string().nullable(),
})
export type JobList = z.infer<typeof jobList>

/** Filters of the list. `status` and `kind` may name several, with commas. */
export const jobListQuery = z.object({
  view: z.enum(['native']).optional(),
  status: z.string().optional(),
  kind: z.string().optional(),
  processor: z.string().optional(),
  /** Of jobs with this tag; several with commas, or said again, must all be there. */
  tag: z.string().max(2200).optional(),
  /** Of this owner; what a key may not see stays hidden. */
  owner: z.string().optional(),
  /** Exactly these, separated by commas, up to 100; what is not there is left out, and no other filter counts. */
  ids: z.string().max(13_000).optional(),
  cursor: z.string().optional(),
  /** In the words of system D; asks for its envelope. */
  status_filter: z.string().optional(),
  /** System D's `{jobs, count, total}` instead of the bare array. */
  envelope: z.stringbool().optional(),
  limit: z.int().min(1).optional(),
  offset: z.int().min(0).optional(),
})
export type JobListQuery = z.infer<typeof jobListQuery>

export const jobStatusFilter = z.array(jobStatus)
export const jobKindFilter = z.array(jobKind)
