import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { AttemptUsage, Claim, Outcome, Verdict } from '../jobs/engine.ts'
import type { Progress } from '../jobs/job.ts'
import type { RunningAttempt, Runner, RunOutcome, RunUsage } from '../runners/runner.ts'
import { faultPoint } from '../support/fault-point.ts'
import { failureOf, overdue } from './attempt-failure.ts'
import { PendingOutputs } from './pending-outputs.ts'
import { publish, type Publication } from './publish.ts'
import { linkResult } from './result-value.ts'
import { stageInputs } from './stage-inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

type StopReason = Parameters<RunningAttempt['cancel']>[0]

/** One claimed attempt, from staging to its settled end. Never rejects; a lost lease writes nothing. */
export class Attempt {
  readonly lease: Claim['lease']
  readonly job: Claim['job']
  readonly done: Promise<void>
  readonly #parts: WorkerParts
  readonly #claim: Claim
  readonly #runner: Runner | undefined
  readonly #abort = new AbortController()
  readonly #workspace: string
  #running: RunningAttempt | undefined
  #stop: StopReason | undefined
  #phase: 'staging' | 'running' | 'ending'
  #progress: Progress | undefined
  #progressChanged = false
  #lastAlive = performance.now()

  constructor(parts: WorkerParts, claim: Claim, runner: Runner | undefined) {
    this.#parts = parts
    this.#claim = claim
    this.#runner = runner
    this.lease = claim.lease
    this.job = claim.job
    this.#phase = claim.resume === 'publish' ? 'ending' : 'staging'
    this.#workspace = path.join(
      parts.config.dataDir,
      'work',
      `${claim.job.id}.${claim.lease.attempt}`,
    )
    this.done = this.#process()
  }

  /** The newest progress, once; undefined when nothing changed since. */
  takeProgress(): Progress | undefined {
    if (!this.#progressChanged) return undefined
    this.#progressChanged = false
    return this.#progress
  }

  get silentMs(): number {
    return performance.now() - this.#lastAlive
  }

  get isLost(): boolean {
    return this.#stop === 'lost'
  }

  /** Its processes are gone; what is left to do is settling, which a lost lease refuses by itself. */
  get isEnding(): boolean {
    return this.#phase === 'ending'
  }

  /** Asks for a checkpoint, and goes on until there is one or it ends. What has not begun goes back at once. */
  drain(): void {
    if (this.#phase === 'staging') this.stop('drain')
    this.#running?.drain()
  }

  heed(verdict: Verdict): void {
    if (verdict === 'lost') this.stop('lost')
    if (verdict === 'cancel') this.stop('cancelled')
    if (verdict === 'deadline') this.stop('deadline')
  }

  /** `lost` kills at once and settles nothing; `drain` gives the job back uncounted. */
  stop(reason: StopReason): void {
    if (this.#stop === reason || this.#stop === 'lost') return
    // Who is told to stop already is not late, and not silent.
    if (this.#stop !== undefined && (reason === 'deadline' || reason === 'silent')) return
    this.#stop = reason
    this.#abort.abort(reason)
    if (reason === 'lost') this.#running?.kill()
    else this.#running?.cancel(reason)
  }

  async #process(): Promise<void> {
    const { log } = this.#parts
    try {
      if (this.#claim.resume === 'publish') {
        await this.#publish(this.#claim)
      } else {
        await this.#run()
      }
    } catch (error) {
      log.error({ err: error, job_id: this.job.id, attempt: this.lease.attempt }, 'attempt failed')
      await this.#settleFailed(error).catch((cause: unknown) => {
        log.error(
          { err: cause, job_id: this.job.id },
          'could not settle; the lease will expire and the job runs again',
        )
      })
    } finally {
      await rm(this.#workspace, { recursive: true, force: true }).catch(() => undefined)
    }
  }

  async #run(): Promise<void> {
    const { config, storage } = this.#parts
    const runner = this.#runner
    if (!runner)
      throw new LonghaulError(
        'processor-changed',
        `This worker does not serve ${this.job.processor} any more.`,
      )
    const prefix = `${config.resultsPrefix}/${this.job.id}/`
    // What an earlier attempt of this job left open can no longer be published.
    if (this.lease.attempt > 1)
      for await (const upload of storage.listUploads(prefix)) await storage.abort(upload)
    await mkdir(this.#workspace, { recursive: true })

    const batch = this.job.kind === 'batch' // systems A and B: these stages, in this order (five-systems A.3)
    this.#report(batch ? { stage: 'download', message: 'start' } : { stage: 'inputs' })
    const staged = await stageInputs(this.job.params, runner.description, {
      storage,
      inputRoots: config.inputRoots,
      workspace: this.#workspace,
      signal: this.#abort.signal,
      mayRead: (key) => this.#parts.mayRead(this.job.owner, key),
    })
    if (batch) this.#report({ stage: 'download', message: 'complete' })
    if (this.#stop) return this.#settleStopped(this.#stop, {})
    this.#report(batch ? { stage: 'processing', percent: 0 } : { stage: 'running' })

    const outputs = new PendingOutputs(storage, prefix, this.#workspace)
    try {
      const outcome = await this.#execute(runner, staged, outputs)
      if (outcome.kind === 'completed' && this.#stop === undefined)
        return await this.#complete(outcome, outputs)
      await outputs.abort()
      if (outcome.kind === 'failed' && this.#stop === undefined)
        return await this.#settle(outcome, outcome.usage)
      await this.#settleStopped(
        this.#stop ?? (outcome.kind === 'stopped' ? outcome.reason : 'lost'),
        outcome.usage,
      )
    } catch (error) {
      await outputs.abort().catch(() => undefined)
      throw error
    }
  }

  async #execute(
    runner: Runner,
    staged: Awaited<ReturnType<typeof stageInputs>>,
    outputs: PendingOutputs,
  ): Promise<RunOutcome> {
    const { config, log } = this.#parts
    const { jobId, attempt, nonce } = this.lease
    let refused: unknown
    const running = runner.run(
      {
        attemptId: `${jobId}.${attempt}.${nonce}`,
        jobId,
        attempt,
        ...staged,
        workspace: this.#workspace,
        logFile: path.join(config.dataDir, this.#logKey),
      },
      {
        progress: (progress) => this.#report(progress),
        alive: () => (this.#lastAlive = performance.now()),
        logged: config.logJobOutput
          ? ({ from, level, text }) =>
              log.info(
                { job_id: jobId, attempt, from, ...(level ? { level_of_job: level } : {}) },
                text,
              )
          : undefined,
        output: (output) =>
          outputs.take(output).catch((error: unknown) => {
            refused ??= error
            running.kill()
          }),
      },
    )
    this.#running = running
    this.#phase = 'running'
    if (this.#stop === 'lost') running.kill()
    else if (this.#stop) running.cancel(this.#stop)
    const timers = this.#watch()
    const outcome = await running.outcome.finally(() => timers.forEach(clearInterval))
    // A verdict that comes after this is about an attempt that has ended: its child may serve another one by now.
    this.#running = undefined
    this.#phase = 'ending'
    if (refused === undefined) return outcome
    return { ...failureOf(refused), usage: outcome.usage }
  }

  /** The engine's deadline comes with a touch; this one is finer. Silence is watched only where the author set it. */
  #watch(): NodeJS.Timeout[] {
    const timers: NodeJS.Timeout[] = []
    const { timeoutMs } = this.job
    if (timeoutMs !== undefined && timeoutMs < 2 ** 31)
      timers.push(setTimeout(() => this.stop('deadline'), timeoutMs))
    const silence = this.#runner?.description.silence_ms
    if (silence !== undefined) {
      this.#lastAlive = performance.now()
      timers.push(
        setInterval(
          () => this.silentMs > silence && this.stop('silent'),
          Math.max(50, Math.min(1000, silence / 4)),
        ),
      )
    }
    return timers
  }

  async #complete(
    outcome: Extract<RunOutcome, { kind: 'completed' }>,
    pending: PendingOutputs,
  ): Promise<void> {
    const { storage } = this.#parts
    const { value, outputs } = linkResult(outcome.value, pending.list)
    if (this.job.kind === 'batch') this.#report({ stage: 'completed', percent: 100 })
    await this.#flushProgress()
    if (outputs.length === 0) {
      await this.#settle({ kind: 'completed', result: { value, outputs: [] } }, outcome.usage)
      return
    }
    // From here on the uploads belong to the publication, even if the answer is lost: nobody but the fence takes them back.
    pending.handOver()
    faultPoint('worker.before-publishing')
    const verdict = await this.#tell({ kind: 'publishing', result: value, outputs })
    faultPoint('worker.after-publishing')
    if (verdict === 'settled') await this.#publish({ result: value, outputs }, outcome.usage)
    else for (const output of outputs) await storage.abort(output)
  }

  #publish(what: Pick<Publication, 'result' | 'outputs'>, usage: RunUsage = {}): Promise<void> {
    const publication = { ...what, lease: this.lease, usage: { ...usage, logKey: this.#logKey } }
    return publish(this.#parts, publication, () => this.#stop === 'lost' || this.#stop === 'drain')
  }

  async #settleStopped(reason: StopReason, usage: RunUsage): Promise<void> {
    switch (reason) {
      case 'lost':
        return
      case 'drain':
        return this.#parts.engine.release([this.lease])
      case 'cancelled':
        return this.#settle({ kind: 'cancelled' }, usage)
      case 'deadline':
        return this.#settle(overdue(reason, this.job.timeoutMs ?? 0), usage)
      case 'silent':
        return this.#settle(overdue(reason, this.#runner?.description.silence_ms ?? 0), usage)
    }
  }

  async #settleFailed(error: unknown): Promise<void> {
    if (this.#stop) return this.#settleStopped(this.#stop, {})
    await this.#settle(failureOf(error), {})
  }

  /** The last word of a job stays with it, also when it failed before the next touch. */
  async #flushProgress(): Promise<void> {
    const progress = this.takeProgress()
    if (!progress) return
    const { engine, worker, log } = this.#parts
    await engine.touch(worker, [{ lease: this.lease, progress }]).catch((error: unknown) => {
      log.warn({ err: error, job_id: this.job.id }, 'the last progress could not be stored')
    })
  }

  async #settle(outcome: Outcome, usage: RunUsage): Promise<void> {
    await this.#flushProgress()
    faultPoint('worker.before-settle')
    await this.#tell(outcome, { ...usage, logKey: this.#logKey })
    faultPoint('worker.after-settle')
  }

  /** A database that fails for a moment must not turn finished work into a failure: tried again while the lease lasts. */
  async #tell(outcome: Outcome, usage?: AttemptUsage): Promise<'settled' | 'lost'> {
    const { engine, log } = this.#parts
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
      try {
        const item = { lease: this.lease, outcome, ...(usage ? { usage } : {}) }
        const [verdict] = await engine.settle([item])
        return verdict ?? 'lost'
      } catch (error) {
        const passing =
          isLonghaulError(error, 'unavailable') || isLonghaulError(error, 'insufficient-storage')
        if (!passing || this.isLost) throw error
        log.warn({ err: error, job_id: this.job.id }, 'settling failed, trying again')
        await sleep(pauseMs)
      }
    }
  }

  get #logKey(): string {
    return path.join('logs', this.job.id, `${this.lease.attempt}.log`)
  }

  #report(progress: Progress): void {
    this.#lastAlive = performance.now()
    this.#progress = progress
    this.#progressChanged = true
  }
}
