import type { Services } from '../app/services.ts'
import type { Job } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { JsonObject } from '../support/json.ts'
import { fingerprintOf, identityOf } from './identity.ts'
import { outputsAreThere } from './outputs-are-there.ts'
import type { ReuseRow } from './reuse-statements.ts'

/** A completed job of the owner whose result follows from the same, with all its outputs; and that it was used is noted. */
export async function findResult(
  services: Pick<Services, 'database' | 'engine' | 'storage' | 'config'>,
  owner: string,
  description: ProcessorDescription,
  staged: JsonObject,
): Promise<Job | undefined> {
  const identity = identityOf(description, staged)
  if ('unknown' in identity) return undefined
  const { database, engine } = services
  const rows = await database.read<Pick<ReuseRow, 'job_id'>>('reuse.find', [
    owner,
    fingerprintOf(identity),
    null,
  ])
  const jobs = await engine.get(
    rows.map(({ job_id }) => job_id),
    { owner },
  )
  for (const job of jobs) {
    if (job.state !== 'completed' || !(await outputsAreThere(services, job))) continue
    await database.write([{ statement: 'reuse.used', params: [job.id] }])
    return job
  }
  return undefined
}
