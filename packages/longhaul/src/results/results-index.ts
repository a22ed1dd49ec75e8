import type { Job, JobOutput } from '../jobs/job.ts'
import { asciiDocument } from '../support/ascii-json.ts'
import type { Json } from '../support/json.ts'
import { binResult } from './bin-result.ts'
import { describeOutputs } from './describe-outputs.ts'

export const resultsIndexName = 'results.json'

/**
 * What lies as `results.json` beside the outputs of a job whose clients look for it there; undefined for others, for a job of
 * system A that wrote nothing, and where the processor has written its own.
 */
export function resultsIndex(
  job: Pick<Job, 'id' | 'kind' | 'params'>,
  value: Json,
  outputs: readonly JobOutput[],
): string | undefined {
  if (job.kind !== 'batch' || outputs.some(({ name }) => name === resultsIndexName))
    return undefined
  if (job.params.family === 'B') return asciiDocument(binResult(job, value, outputs))
  if (outputs.length === 0) return undefined
  const { outputs: named, metrics = {} } = (isObject(value) ? value : {}) as {
    readonly outputs?: Json
    readonly metrics?: Json
  }
  const index = { job_id: job.id, outputs: named ?? describeOutputs(outputs), metrics }
  return asciiDocument(index)
}

const isObject = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
