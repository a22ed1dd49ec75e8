import type { Write } from '../database/database.ts'
import type { Job } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { JsonObject } from '../support/json.ts'
import { fingerprintOf, identityOf, shorten } from './identity.ts'

/**
 * What must commit with the result of a job, so that it is found again: told by the code that really ran and the files that
 * were really read, whatever the submission said.
 */
export function recordResult(
  job: Pick<Job, 'id' | 'owner'>,
  description: ProcessorDescription,
  staged: JsonObject,
): readonly Write[] {
  if (description.reuse === false) return []
  const identity = identityOf(description, staged)
  if ('unknown' in identity) return []
  const params = [
    job.id,
    job.owner,
    description.name,
    fingerprintOf(identity),
    JSON.stringify(shorten(identity)),
  ]
  return [{ statement: 'reuse.made', params }]
}
