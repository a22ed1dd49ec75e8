import type { Write } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { Job, JobId } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { provenanceName, provenanceOf, recordResult } from '../reuse/index.ts'
import { isDiskFull } from './patience.ts'
import type { PendingOutputs } from './pending-outputs.ts'
import type { StagedInputs } from './stage-inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

/** What is told of a result beside the result. */
export interface Origin {
  /** Commits with it: it is found again by this. */
  readonly also?: readonly Write[]
  /** JSON, to lie beside the outputs. */
  readonly provenance?: string
}

/** More attempts than anybody reads about. */
const maxEvents = 1000

/** Of an attempt whose code has given its result. */
export async function originOf(
  parts: Pick<WorkerParts, 'config' | 'engine' | 'worker' | 'keepsOrigins'>,
  made: {
    readonly job: Job
    /** Of the code that ran. */
    readonly description: ProcessorDescription
    readonly staged: StagedInputs
    readonly outputs: PendingOutputs
    readonly reusedFrom?: JobId | undefined
  },
): Promise<Origin> {
  if (parts.keepsOrigins !== true) return {}
  const { job, description, staged } = made
  const also = recordResult(job, description, staged.input)
  const outputs = made.outputs.list
  // A job without outputs has nothing beside which it could lie; an output of that name, or below it, stands in its place.
  const { config, engine, worker } = parts
  if (!config.provenance || outputs.length === 0 || outputs.some(takesItsPlace)) return { also }
  const document = provenanceOf({
    job,
    description,
    input: staged.input,
    outputs,
    reusedFrom: made.reusedFrom,
    // A result must not be lost over what is told of it.
    events: job.attempt > 1 ? await engine.read(job.id, 0, maxEvents).catch(() => []) : [],
    host: worker.host,
    worker: worker.id,
    longhaul: config.serviceVersion,
    now: Date.now(),
  })
  return { also, provenance: `${JSON.stringify(document, undefined, 2)}\n` }
}

const takesItsPlace = ({ name }: { readonly name: string }): boolean =>
  name === provenanceName || name.startsWith(`${provenanceName}/`)

/**
 * Part of the publication, which any worker may repeat: it is as complete as the outputs are. Only where the disk has no room
 * for it the result goes on without.
 */
export async function putProvenance(
  { config, storage, log }: Pick<WorkerParts, 'config' | 'storage' | 'log'>,
  jobId: JobId,
  provenance: string,
): Promise<void> {
  const key = `${config.resultsPrefix}/${jobId}/${provenanceName}`
  try {
    await storage.put(key, Buffer.from(provenance), { mediaType: 'application/json' })
  } catch (error) {
    if (!isDiskFull(error) && !isLonghaulError(error, 'insufficient-storage')) throw error
    log.warn({ err: error, job_id: jobId }, 'there was no room for the provenance')
  }
}
