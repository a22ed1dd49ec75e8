import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'
import type { Claim, Verdict } from '../jobs/engine.ts'
import type { Progress } from '../jobs/job.ts'
import type {
  AttemptSink,
  RunningAttempt,
  Runner,
  RunOutcome,
  RunUsage,
} from '../runners/runner.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { AttemptEnding } from './attempt-ending.ts'
import { failureOf, overdue } from './attempt-failure.ts'
import { AttemptProgress } from './attempt-progress.ts'
import { AttemptWatch } from './attempt-watch.ts'
import { lastProgress } from './last-progress.ts'
import { mayPass, patiently } from './patience.ts'
import { prepareAttempt, type Prepared } from './prepare-attempt.ts'
import { originOf } from './result-origin.ts'
import type { ResumedJob } from './resume-job.ts'
import { reuseResult } from './reuse-result.ts'
import type { WorkerParts } from './worker-parts.ts'
import { writeResultsIndex } from './write-results-index.ts'

type StopReason = Parameters<RunningAttempt['cancel']>[0]
type RunClaim = Extract<Claim, { resume: 'run' }>

/** One claimed attempt, from staging to its settled end. Never rejects; a lost lease writes nothing. */
export class Attempt {
  readonly lease: Claim['lease']
  readonly job: Claim['job']
  readonly done: Promise<void>
  readonly #parts: WorkerParts
  readonly #runner: Runner | undefined
  readonly #abort = new AbortController()
  readonly #workspace: string
  readonly #logKey: string
  readonly #watch: AttemptWatch
  readonly #ending: AttemptEnding
  #running: RunningAttempt | undefined
  #stop: StopReason | undefined
  #phase: 'staging' | 'running' | 'ending'
  readonly #progress: AttemptProgress

  constructor(parts: WorkerParts, claim: Claim, runner: Runner | undefined) {
    const { lease, job } = claim
    this.#parts = parts
    this.#runner = runner
    this.lease = lease
    this.job = job
    this.#phase = claim.resume === 'publish' ? 'ending' : 'staging'
    this.#progress = new AttemptProgress(job.kind === 'batch')
    this.#workspace = path.resolve(parts.config.dataDir, 'work', `${job.id}.${lease.attempt}`)
    this.#logKey = path.join('logs', job.id, `${lease.attempt}.log`)
    const timeoutMs = claim.resume === 'run' ? job.timeoutMs : undefined
    const silenceMs = runner?.description.silence_ms
    this.#watch = new AttemptWatch({ timeoutMs, silenceMs }, (limit) => this.stop(limit))
    this.#ending = new AttemptEnding(parts, lease, {
      logKey: this.#logKey,
      takeProgress: () => this.#progress.takeLast(),
      completing: (value) => {
        if (job.kind === 'batch') this.#report(lastProgress(job, value))
      },
      stopped: () => this.#stop,
    })
    this.done = this.#process(claim)
  }

  /** The newest progress, once; undefined when nothing changed since. */
  takeProgress(): Progress | undefined {
    return this.#progress.take()
  }

  runsOn(runner: Runner): boolean {
    return this.#runner === runner
  }

  get silentMs(): number {
    return this.#watch.silentMs
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

  async #process(claim: Claim): Promise<void> {
    const { log } = this.#parts
    try {
      // Work that is done needs nothing of its processor any more.
      if (claim.resume === 'publish') await this.#ending.publish({ ...claim, hasCheckpoints: true })
      else await this.#run(claim)
    } catch (error) {
      log.error({ err: error, job_id: this.job.id, attempt: this.lease.attempt }, 'attempt failed')
      await this.#settleFailed(error).catch((cause: unknown) => {
        log.error(
          { err: cause, job_id: this.job.id },
          'could not settle; the lease will expire and the job runs again',
        )
      })
    } finally {
      this.#watch.end()
      await removeFolder(this.#workspace).catch(() => undefined)
    }
  }

  async #run(claim: RunClaim): Promise<void> {
    const runner = this.#runner
    if (!runner)
      throw new LonghaulError(
        'processor-changed',
        `This worker does not serve ${this.job.processor} any more.`,
      )
    const prepared = await prepareAttempt(this.#parts, claim, {
      description: runner.description,
      workspace: this.#workspace,
      signal: this.#abort.signal,
      report: (progress) => this.#report(progress),
      patiently: (work) => this.#patiently(work),
    })
    if (prepared === undefined) this.stop('lost')
    if (this.#stop || prepared === undefined) return this.#settleStopped(this.#stop ?? 'lost', {})
    const { outputs } = prepared.job
    try {
      const reused = await this.#reuse(runner, prepared)
      const outcome = reused ?? (await this.#execute(runner, prepared))
      if (outcome.kind === 'completed' && this.#stop === undefined) {
        const { value } = outcome
        await this.#patiently(() => writeResultsIndex(this.job, value, outputs, this.#workspace))
        return await this.#complete(runner, prepared, outcome, reused?.from)
      }
      await outputs.abort()
      if (outcome.kind === 'failed' && this.#stop === undefined)
        return await this.#ending.settle(outcome, outcome.usage)
      await this.#settleStopped(
        this.#stop ?? (outcome.kind === 'stopped' ? outcome.reason : 'lost'),
        outcome.usage,
      )
    } catch (error) {
      await outputs.abort().catch(() => undefined)
      throw error
    }
  }

  async #complete(
    { description }: Runner,
    { staged, job: { outputs, checkpoints } }: Prepared,
    outcome: Extract<RunOutcome, { kind: 'completed' }>,
    reusedFrom: string | undefined,
  ): Promise<void> {
    const made = { job: this.job, description, staged, outputs, reusedFrom }
    const origin = await originOf(this.#parts, made)
    await this.#ending.complete(outcome, outputs, checkpoints.any, origin)
  }

  /** In place of a run: an earlier result of the same, where the job may have it. */
  async #reuse({ description }: Runner, { staged, job }: Prepared) {
    const where = { description, staged, outputs: job.outputs, workspace: this.#workspace }
    const reused = await reuseResult(this.#parts, { lease: this.lease, job: this.job }, where)
    if (reused === undefined) return undefined
    this.#phase = 'ending'
    return { kind: 'completed', usage: {}, ...reused } as const
  }

  async #execute(runner: Runner, { staged, job }: Prepared): Promise<RunOutcome> {
    const { jobId, attempt, nonce } = this.lease
    const { outputs, checkpoints, ...resumed } = job
    const { memoryBytes } = this.job.params
    let refused: unknown
    const refuse = (error: unknown): void => {
      refused ??= error
      running.kill()
    }
    const running = runner.run(
      {
        attemptId: `${jobId}.${attempt}.${nonce}`,
        jobId,
        attempt,
        ...staged,
        ...resumed,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
        workspace: this.#workspace,
        logFile: path.join(this.#parts.config.dataDir, this.#logKey),
      },
      {
        started: () => this.#watch.begin(),
        progress: (progress) => {
          this.#watch.alive()
          this.#progress.told(progress)
        },
        alive: () => this.#watch.alive(),
        logged: this.#copyOfLog(),
        output: (output) =>
          this.#watch.during(this.#patiently(() => outputs.take(output))).catch(refuse),
        checkpoint: (wanted) =>
          this.#watch.during(this.#save(checkpoints, wanted)).catch((error: unknown) => {
            refuse(error)
            return false
          }),
      },
    )
    this.#running = running
    this.#phase = 'running'
    if (this.#stop === 'lost') running.kill()
    else if (this.#stop) running.cancel(this.#stop)
    const outcome = await running.outcome
    // A verdict that comes after this is about an attempt that has ended: its child may serve another one by now.
    this.#running = undefined
    this.#phase = 'ending'
    this.#watch.end()
    if (!this.isLost) await this.#parts.logs?.finish(this.lease)
    if (refused === undefined) return outcome
    return { ...failureOf(refused), usage: outcome.usage }
  }

  /** A checkpoint that storage or database could not take for a moment is no reason to end: false. */
  async #save(
    checkpoints: ResumedJob['checkpoints'],
    wanted: Parameters<NonNullable<AttemptSink['checkpoint']>>[0],
  ): Promise<boolean> {
    try {
      const verdict = await checkpoints.save(wanted)
      if (verdict === 'lost') this.stop('lost')
      return verdict === 'saved'
    } catch (error) {
      if (!mayPass(error)) throw error
      this.#trouble('a checkpoint could not be saved')(error)
      return false
    }
  }

  #patiently<T>(work: () => Promise<T>): Promise<T> {
    const onTrouble = this.#trouble('storage failed, trying again')
    return patiently(work, { signal: this.#abort.signal, onTrouble })
  }

  #trouble(text: string): (error: unknown) => void {
    const { log } = this.#parts
    return (error) =>
      log.warn({ err: error, job_id: this.job.id, attempt: this.lease.attempt }, text)
  }

  #copyOfLog(): AttemptSink['logged'] {
    const { config, log } = this.#parts
    if (!config.logJobOutput) return undefined
    const { jobId, attempt } = this.lease
    return ({ from, level, text }) =>
      log.info({ job_id: jobId, attempt, from, ...(level ? { level_of_job: level } : {}) }, text)
  }

  async #settleStopped(reason: StopReason, usage: RunUsage): Promise<void> {
    switch (reason) {
      case 'lost':
        return
      case 'drain':
        return this.#ending.release()
      case 'cancelled':
        return this.#ending.settle({ kind: 'cancelled' }, usage)
      case 'deadline':
        return this.#ending.settle(overdue(reason, this.job.timeoutMs ?? 0), usage)
      case 'silent': {
        const limitMs = this.#runner?.description.silence_ms ?? 0
        return this.#ending.settle(overdue(reason, limitMs), usage)
      }
    }
  }

  async #settleFailed(error: unknown): Promise<void> {
    if (this.#stop) return this.#settleStopped(this.#stop, {})
    await this.#ending.settle(failureOf(error), {})
  }

  #report(progress: Progress): void {
    this.#watch.alive()
    this.#progress.note(progress)
  }
}
