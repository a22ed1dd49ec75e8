import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Claim } from '../jobs/engine.ts'
import type { Progress } from '../jobs/job.ts'
import type { Runner } from '../runners/runner.ts'
import { resumeJob, type ResumedJob } from './resume-job.ts'
import { stageInputs, type StagedInputs } from './stage-inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

export interface Prepared {
  readonly staged: StagedInputs
  readonly job: ResumedJob
}
interface Preparing {
  readonly description: Runner['description']
  readonly workspace: string
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
  /** Tries again while storage may only be away for a moment. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>
}

/** Inputs and checkpoint into the workspace. Undefined: another attempt has the job. */
export async function prepareAttempt(
  parts: WorkerParts,
  claim: Extract<Claim, { resume: 'run' }>,
  { description, report, patiently, ...where }: Preparing,
): Promise<Prepared | undefined> {
  const { config, storage, outbound, mayRead } = parts
  const { workspace, signal } = where
  const { owner, kind, params } = claim.job
  const batch = kind === 'batch' // systems A and B: these stages, in this order (five-systems A.3)
  if (!batch) report({ stage: 'inputs' })
  let tries = 0
  const staged = await patiently(async () => {
    if (tries++ > 0) await rm(path.join(workspace, 'inputs'), { recursive: true, force: true })
    return stageInputs(params, description, {
      ...where,
      storage,
      web: { outbound, maxBytes: config.maxFetchBytes, signal },
      inputRoots: config.inputRoots,
      mayRead: (key) => mayRead(owner, key),
      // A manifest that cannot be read leaves no progress behind (five-systems Y.2, 21).
      ...(batch ? { begun: () => report({ stage: 'download', message: 'start' }) } : {}),
    })
  })
  // Inputs lie in it already. One that runs in this process gets it when it first asks where it is; most never do.
  if (description.runner !== 'inline' && staged.inputs.length === 0)
    await mkdir(workspace, { recursive: true })
  const job = await patiently(() => resumeJob(parts, claim, { ...where, description }))
  if (job === 'lost') return undefined
  if (batch) report({ stage: 'download', message: 'complete' })
  report(batch ? { stage: 'processing', percent: 0 } : { stage: 'running' })
  return { staged, job }
}
