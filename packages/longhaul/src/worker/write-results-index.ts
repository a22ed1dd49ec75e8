import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Job } from '../jobs/job.ts'
import { resultsIndex, resultsIndexName } from '../results/index.ts'
import type { Json } from '../support/json.ts'
import type { PendingOutputs } from './pending-outputs.ts'
import { linkResult } from './result-value.ts'

/** One more output of a finished attempt, for clients of systems A and B: what it made, and where that lies. */
export async function writeResultsIndex(
  job: Pick<Job, 'id' | 'kind' | 'params'>,
  result: Json,
  outputs: PendingOutputs,
  workspace: string,
): Promise<void> {
  const { value, outputs: named } = linkResult(result, outputs.list)
  const text = resultsIndex(job, value, named)
  if (text === undefined) return
  // Not among the processor's own files: one that its result does not name may still lie there.
  const folder = path.join(workspace, '.results')
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, resultsIndexName)
  await writeFile(file, text)
  await outputs.take({ name: resultsIndexName, path: file, mediaType: 'application/json' })
}
