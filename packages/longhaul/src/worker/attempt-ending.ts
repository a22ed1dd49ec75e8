import { setTimeout as sleep } from 'node:timers/promises'
import type { Write } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { AttemptUsage, Claim, Outcome } from '../jobs/engine.ts'
import type { Progress } from '../jobs/job.ts'
import type { RunOutcome, RunUsage } from '../runners/runner.ts'
import type { Json } from '../support/json.ts'
import { faultPoint } from '../support/fault-point.ts'
import type { Origin } from './result-origin.ts'
import type { PendingOutputs } from './pending-outputs.ts'
import { publish, type Publication } from './publish.ts'
import { dropCheckpoints } from './resume-job.ts'
import { linkResult } from './result-value.ts'
import type { WorkerParts } from './worker-parts.ts'

interface EndingOptions {
  readonly logKey: string
  /** The newest progress, once. */
  readonly takeProgress: () => Progress | undefined
  /** Its result is found to be right; the last word of progress may be said. */
  readonly completing: (value: Json) => void
  readonly stopped: () => string | undefined
}

/** The last steps of an attempt: what it came to is told to the engine, and what it made is published. */
export class AttemptEnding {
  readonly #parts: WorkerParts
  readonly #lease: Claim['lease']
  readonly #options: EndingOptions

  constructor(parts: WorkerParts, lease: Claim['lease'], options: EndingOptions) {
    this.#parts = parts
    this.#lease = lease
    this.#options = options
  }

  async complete(
    { value: result, usage }: Extract<RunOutcome, { kind: 'completed' }>,
    pending: PendingOutputs,
    hasCheckpoints: boolean,
    { also = [], provenance }: Origin = {},
  ): Promise<void> {
    const { value, outputs } = linkResult(result, pending.list)
    this.#options.completing(value)
    await this.#flushProgress()
    if (outputs.length === 0 && !hasCheckpoints)
      return this.settle({ kind: 'completed', result: { value, outputs: [] } }, usage, also)
    // From here on the uploads belong to the publication, even if the answer is lost: nobody but the fence takes them back.
    pending.handOver()
    faultPoint('worker.before-publishing')
    const what = { result: value, outputs, ...(provenance === undefined ? {} : { provenance }) }
    const verdict = await this.#tell({ kind: 'publishing', ...what }, undefined, also)
    faultPoint('worker.after-publishing')
    if (verdict === 'lost') return pending.takeBack()
    await this.publish({ ...what, hasCheckpoints }, usage)
  }

  async publish(what: Omit<Publication, 'lease' | 'usage'>, usage: RunUsage = {}): Promise<void> {
    const { logKey, stopped } = this.#options
    const publication = { ...what, lease: this.#lease, usage: { ...usage, logKey } }
    const end = await publish(this.#parts, publication, () => {
      const reason = stopped()
      return reason === 'lost' || reason === 'drain'
    })
    // Another worker goes on at once instead of waiting for the lease to pass.
    if (end === 'given-up' && stopped() === 'drain') await this.release()
  }

  /** `also` commits with it, or not at all. */
  async settle(outcome: Outcome, usage: RunUsage, also: readonly Write[] = []): Promise<void> {
    await this.#flushProgress()
    faultPoint('worker.before-settle')
    const verdict = await this.#tell(outcome, { ...usage, logKey: this.#options.logKey }, also)
    faultPoint('worker.after-settle')
    if (outcome.kind === 'cancelled' && verdict === 'settled')
      await dropCheckpoints(this.#parts.storage, this.#lease).catch(() => undefined) // upkeep does it
  }

  release(): Promise<void> {
    return this.#parts.engine.release([this.#lease])
  }

  /** The last word of a job stays with it, also when it failed before the next touch. */
  async #flushProgress(): Promise<void> {
    const progress = this.#options.takeProgress()
    if (!progress) return
    const { engine, worker, log } = this.#parts
    await engine.touch(worker, [{ lease: this.#lease, progress }]).catch((error: unknown) => {
      log.warn({ err: error, job_id: this.#lease.jobId }, 'the last progress could not be stored')
    })
  }

  /** A database that fails for a moment must not turn finished work into a failure: tried again while the lease lasts. */
  async #tell(
    outcome: Outcome,
    usage?: AttemptUsage,
    also: readonly Write[] = [],
  ): Promise<'settled' | 'lost'> {
    const { engine, log } = this.#parts
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
      try {
        const item = { lease: this.#lease, outcome, also, ...(usage ? { usage } : {}) }
        const [verdict] = await engine.settle([item])
        return verdict ?? 'lost'
      } catch (error) {
        const passing =
          isLonghaulError(error, 'unavailable') || isLonghaulError(error, 'insufficient-storage')
        if (!passing || this.#options.stopped() === 'lost') throw error
        log.warn({ err: error, job_id: this.#lease.jobId }, 'settling failed, trying again')
        await sleep(pauseMs)
      }
    }
  }
}
