import type { Checkpoint, Claim } from '../jobs/engine.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { AttemptRequest } from '../runners/runner.ts'
import type { Storage } from '../storage/object-store.ts'
import { checkpointPrefix } from './checkpoint-files.ts'
import { JobCheckpoints } from './job-checkpoints.ts'
import { PendingOutputs } from './pending-outputs.ts'
import { stageCheckpoint } from './stage-checkpoint.ts'
import type { WorkerParts } from './worker-parts.ts'

/** What an attempt begins with: the outputs and checkpoints of its job, and the state to continue from. */
export interface ResumedJob extends Pick<AttemptRequest, 'restored' | 'notices'> {
  readonly outputs: PendingOutputs
  readonly checkpoints: JobCheckpoints
}

/**
 * Continues from the job's newest checkpoint where the processor accepts it and the store still has all of it; else starts
 * clean. Takes back what earlier attempts left open that no checkpoint names. 'lost': another attempt has the job.
 */
export async function resumeJob(
  parts: WorkerParts,
  { lease, job, checkpoint }: Extract<Claim, { resume: 'run' }>,
  options: {
    readonly description: ProcessorDescription
    readonly workspace: string
    readonly signal: AbortSignal
  },
): Promise<ResumedJob | 'lost'> {
  const { config, engine, storage } = parts
  const { description, workspace, signal } = options
  const prefix = `${config.resultsPrefix}/${job.id}/`
  const before = lease.attempt > 1 ? await leftOf(storage, prefix, lease) : nothing
  // Everything in these lists is older than this question: whatever comes to run later cannot lose what is its own.
  const [now] = lease.attempt > 1 ? await engine.get([job.id], 'everyone') : [job]
  if (now?.attempt !== lease.attempt) return 'lost'

  const unfit =
    checkpoint &&
    (whyUnfit(checkpoint, description, before.uploads) ??
      ((await stageCheckpoint(storage, checkpoint, workspace, signal))
        ? undefined
        : 'some of its files are gone'))
  const resumed = unfit === undefined ? checkpoint : undefined

  // Those of a checkpoint that does not fit stay until this attempt has one of its own: it might never come that far.
  const kept = new Set(checkpoint?.outputs.map(({ uploadId }) => uploadId))
  for (const upload of before.uploads) if (!kept.has(upload.uploadId)) await storage.abort(upload)
  const named = new Set(checkpoint?.files.map(({ key }) => key))
  const strays = before.keys.filter((key) => !named.has(key))
  if (strays.length > 0) await storage.delete(strays)

  const outputs = new PendingOutputs(storage, prefix, workspace, resumed?.outputs)
  const { version } = description
  const checkpoints = new JobCheckpoints(parts, { lease, version, workspace, outputs })
  if (checkpoint) checkpoints.inherit(checkpoint, resumed !== undefined)
  return {
    outputs,
    checkpoints,
    ...(resumed ? { restored: { state: resumed.state, writers: resumed.writers } } : {}),
    notices: resumed
      ? ['Continues from the last checkpoint.']
      : unfit === undefined
        ? []
        : [`There is a checkpoint, but ${unfit}: this attempt starts clean.`],
  }
}

type Upload = Awaited<ReturnType<typeof leftOf>>['uploads'][number]
const nothing = { uploads: [], keys: [] }

/** What earlier attempts of the job have in the store. */
async function leftOf(storage: Storage, prefix: string, lease: Claim['lease']) {
  const uploads = []
  for await (const upload of storage.listUploads(prefix)) uploads.push(upload)
  const keys = await checkpointKeys(storage, lease.jobId, lease.attempt - 1)
  return { uploads, keys }
}

function whyUnfit(
  { version, outputs }: Checkpoint,
  { version: mine, accepts_checkpoints: others = [] }: ProcessorDescription,
  uploads: readonly Upload[],
): string | undefined {
  if (version !== mine && !others.includes(version) && !others.includes('*'))
    return `it is of version ${version}, and version ${mine} does not say that it can continue from it`
  const open = new Set(uploads.map(({ uploadId }) => uploadId))
  if (outputs.some(({ uploadId }) => !open.has(uploadId))) return 'some of its outputs are gone'
  return undefined
}

/** Keys of what attempts up to that number stored for their checkpoints. */
async function checkpointKeys(
  storage: Storage,
  jobId: string,
  upToAttempt: number,
): Promise<readonly string[]> {
  const prefix = checkpointPrefix(jobId)
  const keys: string[] = []
  let after: string | undefined
  do {
    const page = await storage.list(prefix, { limit: 1000, ...(after ? { after } : {}) })
    for (const { key } of page.objects)
      if (Number(key.slice(key.lastIndexOf('.') + 1)) <= upToAttempt) keys.push(key)
    after = page.next
  } while (after !== undefined)
  return keys
}

/** The job needs no checkpoint any more. What a later attempt may have stored stays. */
export async function dropCheckpoints(
  storage: Storage,
  { jobId, attempt }: Claim['lease'],
): Promise<void> {
  const keys = await checkpointKeys(storage, jobId, attempt)
  if (keys.length > 0) await storage.delete(keys)
}
