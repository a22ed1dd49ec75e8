import { isTerminal, type JobParams } from '../job.ts'
import { parse, type JobRow } from '../row.ts'

/** A row of `outbox`: somebody is to be told of this end. Its body is written when it is first sent. */
export interface CallbackRow {
  readonly job_id: string
  readonly owner: string
  /** The number of the event that ended the job. */
  readonly event_no: number
  readonly url: string
  readonly origin: string
  readonly body: ''
  readonly due_at: number
  readonly created_at: number
}

/** What a change of the job leaves in the outbox, to be committed with it. Undefined: it does not end, or nobody asked. */
export function callbackOf(before: JobRow, after: JobRow, now: number): CallbackRow | undefined {
  if (!isTerminal(after.state) || isTerminal(before.state)) return undefined
  // Most jobs have none, and their parameters may be long.
  if (!after.params.includes('"callbackUrl"')) return undefined
  const { callbackUrl: url } = parse<JobParams>(after.params)
  // Checked when the job was submitted; an end must not fail over it.
  if (url === undefined || !URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  const { id: job_id, owner, event_no } = after
  return { job_id, owner, event_no, url, origin, body: '', due_at: now, created_at: now }
}
