import { LonghaulError } from '../errors/index.ts'
import type { Json } from '../support/json.ts'
import type { Job, JobOutput } from './job.ts'
import { publicProblem } from './projections/index.ts'

/** The output that is the whole result: the only one, and the result says nothing beside it. */
export function onlyOutput({ result }: Job): JobOutput | undefined {
  const [output, ...others] = result?.outputs ?? []
  if (result === undefined || output === undefined || others.length > 0) return undefined
  return saysNothingBeside(result.value, output) ? output : undefined
}

function saysNothingBeside(value: Json, output: JobOutput): boolean {
  if (value === null) return true
  if (typeof value !== 'object' || Array.isArray(value)) return false
  const fields = Object.values(value)
  if (fields.length === 0 || isReference(value, output)) return true
  return fields.length === 1 && isReference(fields[0] ?? null, output)
}

const isReference = (value: Json, output: JobOutput): boolean =>
  typeof value === 'object' && value !== null && (value as { uri?: Json }).uri === output.uri

/** A job that did not complete, as the error of the request that asked for its result. */
export function errorOfJob(job: Job): LonghaulError {
  const facts = { job_id: job.id, links: { self: `/jobs/${job.id}`, logs: `/jobs/${job.id}/logs` } }
  if (job.state === 'cancelled')
    return new LonghaulError('cancelled', `Job ${job.id} was cancelled.`, { facts })
  if (job.problem === undefined)
    return new LonghaulError(
      'job-not-finished',
      `Job ${job.id} is ${job.state}; it has no result yet.`,
      {
        facts,
      },
    )
  const { code, detail, ...rest } = publicProblem(job.problem)
  return new LonghaulError(code, detail, { facts: { ...rest, ...facts } })
}
