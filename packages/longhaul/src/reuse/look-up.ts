import type { Services } from '../app/services.ts'
import type { Write } from '../database/database.ts'
import type { Job, JobId, JobParams } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { fingerprintOf, identityOf, shorten, type Identity } from './identity.ts'
import { outputsAreThere } from './outputs-are-there.ts'
import type { Asked, ReuseRow } from './reuse-statements.ts'

/** What is asked for, as far as a result may stand for it. */
export interface Wanted {
  readonly processor: ProcessorDescription
  readonly owner: string
  readonly params: JobParams
  readonly idempotencyKey: string | undefined
  /** What the request says; undefined: the processor's own word counts. */
  readonly reuse: boolean | undefined
}
export type LookUp =
  | { readonly kind: 'found'; readonly job: Job }
  /** A new job is to be made; `writes` go with it, and say for whoever asks later why. */
  | { readonly kind: 'none'; readonly writes: (id: JobId) => readonly Write[] }

/**
 * A job that follows from the same as what is asked for: the newest that has completed and still has all its outputs, else
 * one that is under way.
 */
export async function lookUpResult(
  services: Pick<Services, 'database' | 'engine' | 'storage' | 'config'>,
  wanted: Wanted,
): Promise<LookUp> {
  const { processor, params, reuse = processor.reuse ?? false } = wanted
  // Its author says that every run counts.
  if (processor.reuse === false || (wanted.reuse === undefined && !reuse)) return notAsked
  // Clients of the older systems expect a job of their own, always.
  if (params.manifest !== undefined) return notAsked
  const identity = identityOf(processor, params.input)
  if ('unknown' in identity) return none(wanted, 'unknown')
  if (!reuse) return none(wanted, 'forced', identity)
  const fingerprint = fingerprintOf(identity)
  const rows = await services.database.read<Pick<ReuseRow, 'job_id'>>('reuse.find', [
    wanted.owner,
    fingerprint,
    wanted.idempotencyKey ?? null,
  ])
  const ids = rows.map(({ job_id }) => job_id)
  const jobs = await services.engine.get(ids, { owner: wanted.owner })
  const byId = new Map(jobs.map((job) => [job.id, job]))
  let gone = false
  for (const id of ids) {
    const job = byId.get(id)
    if (job === undefined || job.state === 'failed' || job.state === 'cancelled') continue
    if (job.state === 'completed' && !(await outputsAreThere(services, job))) {
      gone = true
      continue
    }
    await services.database.write([{ statement: 'reuse.used', params: [id] }])
    return { kind: 'found', job }
  }
  return none(wanted, gone ? 'outputs-gone' : 'missed', identity)
}

const notAsked: LookUp = { kind: 'none', writes: () => [] }

function none({ owner, processor }: Wanted, asked: Asked, identity?: Identity): LookUp {
  const [fingerprint, short] =
    identity === undefined
      ? [null, null]
      : [fingerprintOf(identity), JSON.stringify(shorten(identity))]
  return {
    kind: 'none',
    writes: (id) => [
      {
        statement: 'reuse.asked',
        params: [id, owner, processor.name, asked, fingerprint, short],
      },
    ],
  }
}
