import type { CacheOutcome, JobCache } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import type { Job } from '../jobs/job.ts'
import { nearestOf, reasonOf } from './explain-miss.ts'
import type { ShortIdentity } from './identity.ts'
import type { ReuseRow } from './reuse-statements.ts'

/** What there is to say about a job's result and those it could have used, as things are now. */
export async function cacheOf(
  { database }: Pick<Services, 'database'>,
  job: Job,
): Promise<JobCache> {
  const [row] = await database.read<ReuseRow>('reuse.of-job', [job.id])
  const identity = row === undefined ? undefined : identityIn(row)
  const found =
    identity === undefined ? undefined : nearestOf(identity, await candidates(database, job))
  const outcome: CacheOutcome = row?.asked ?? 'not-asked'
  const nearest = found && { jobId: found.candidate.job_id, differences: found.differences }
  return {
    job_id: job.id,
    outcome,
    reason: reasonOf(outcome, nearest),
    fingerprint: row?.fingerprint ?? null,
    nearest:
      found === undefined
        ? null
        : {
            job_id: found.candidate.job_id,
            made_at: iso(found.candidate.made_at ?? 0),
            differences: found.differences,
          },
    reused: {
      count: row?.reused ?? 0,
      last_at: row?.reused_at == null ? null : iso(row.reused_at),
    },
  }
}

/** Those whose results were there when this job was submitted. */
async function candidates(database: Services['database'], job: Job) {
  const { owner, processor, id, createdAt } = job
  const rows = await database.read<ReuseRow>('reuse.nearest', [owner, processor, id, createdAt])
  return rows.flatMap((row) => {
    const identity = identityIn(row)
    return identity === undefined ? [] : [{ ...row, identity }]
  })
}

const identityIn = ({ identity }: ReuseRow): ShortIdentity | undefined =>
  identity === null ? undefined : (JSON.parse(identity) as ShortIdentity)

const iso = (ms: number): string => new Date(ms).toISOString()
