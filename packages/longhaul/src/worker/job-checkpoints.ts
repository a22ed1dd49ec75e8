import { LonghaulError } from '../errors/index.ts'
import type { Checkpoint, Lease } from '../jobs/engine.ts'
import type { AttemptSink } from '../runners/runner.ts'
import { faultPoint } from '../support/fault-point.ts'
import { CheckpointFiles } from './checkpoint-files.ts'
import type { PendingOutputs } from './pending-outputs.ts'
import type { WorkerParts } from './worker-parts.ts'

type Wanted = Parameters<NonNullable<AttemptSink['checkpoint']>>[0]
const maxStateBytes = 256 * 1024

/**
 * The checkpoints of one job, as one attempt saves them: files to the store, then one fenced record of them all. Whatever
 * ends this process at whatever point, the job has the newest record that was made, and everything that it names.
 */
export class JobCheckpoints {
  readonly #parts: Pick<WorkerParts, 'engine' | 'log'>
  readonly #lease: Lease
  readonly #version: string
  readonly #files: CheckpointFiles
  readonly #outputs: PendingOutputs
  /** What the job's record may hold, oldest first; more than two while an answer of the database was lost. */
  #named: readonly Checkpoint[] = []

  constructor(
    parts: Pick<WorkerParts, 'engine' | 'storage' | 'log'>,
    options: {
      readonly lease: Lease
      readonly version: string
      readonly workspace: string
      readonly outputs: PendingOutputs
    },
  ) {
    this.#parts = parts
    this.#lease = options.lease
    this.#version = options.version
    this.#outputs = options.outputs
    this.#files = new CheckpointFiles(parts.storage, options.workspace, options.lease)
  }

  /** The job has this one, of an earlier attempt; `resumed`: this attempt continues from it. */
  inherit(checkpoint: Checkpoint, resumed: boolean): void {
    this.#named = [checkpoint]
    this.#files.inherit(checkpoint, resumed)
    this.#outputs.protect(checkpoint.outputs)
  }

  /** Whether anything of a checkpoint may be in the store. */
  get any(): boolean {
    return this.#named.length > 0
  }

  /**
   * Steps 2 to 4 of the barrier; the processor did the first. `lost`: another attempt has the job, and nothing was deleted.
   * Throws 'permanent' for what cannot be kept; after any other error the attempt may go on without it.
   */
  async save({ state, files, growing, writers }: Wanted): Promise<'saved' | 'lost'> {
    faultPoint('worker.checkpoint-after-flush')
    checkState(state)
    const stored = await this.#files.store({ files, growing })
    faultPoint('worker.checkpoint-after-files')
    const outputs = this.#outputs.list
    const checkpoint = { version: this.#version, state, files: stored, writers, outputs }
    // From here on the record may be made, even if its answer is lost.
    this.#named = [...this.#named, checkpoint]
    this.#outputs.protect(outputs)
    const verdict = await this.#parts.engine.checkpoint(this.#lease, checkpoint)
    faultPoint('worker.checkpoint-after-save')
    if (verdict === 'saved') await this.#collect()
    return verdict
  }

  /** The newest is surely the job's: what neither it nor the one before names is needed by nobody. */
  async #collect(): Promise<void> {
    this.#named = this.#named.slice(-2)
    try {
      await this.#files.collect(this.#named)
      await this.#outputs.unprotect(this.#named.flatMap(({ outputs }) => outputs))
    } catch (error) {
      // Tried again after the next one.
      this.#parts.log.warn(
        { err: error, job_id: this.#lease.jobId },
        'collecting an old checkpoint failed',
      )
    }
  }
}

function checkState(state: Wanted['state']): void {
  const bytes = Buffer.byteLength(JSON.stringify(state))
  if (bytes <= maxStateBytes) return
  throw new LonghaulError(
    'permanent',
    `The state of the checkpoint is ${bytes} bytes of JSON; it may be ${maxStateBytes}. What is large belongs into a file.`,
  )
}
