import { LonghaulError, toProblem } from '../../errors/index.ts'
import { failureOfExit, failureOfMessage, tooMuchMemory } from '../attempt-failure.ts'
import { AttemptSession } from '../attempt-session.ts'
import type { FromProcessor } from '../messages.ts'
import { toRunMessage } from '../run-message.ts'
import type {
  AttemptRequest,
  AttemptSink,
  RunnerOptions,
  RunningAttempt,
  RunOutcome,
  RunUsage,
} from '../runner.ts'
import type { WarmPool } from '../warm-pool.ts'
import { AttemptStop, type StopReason } from './attempt-stop.ts'
import type { ProcessorDescription } from '../../processor/description.ts'
import { killLeftovers, markStart, type StartMark } from './leftovers.ts'
import type { ProcessExit } from './supervised-process.ts'
import type { ChildListener, WarmChild } from './warm-child.ts'
import { watchUsage } from './watch-usage.ts'

type End =
  | Extract<FromProcessor, { type: 'result' | 'error' }>
  | { readonly type: 'exit'; readonly exit: ProcessExit }
  | { readonly type: 'nonsense'; readonly detail: string }

/** A child with another memory limit than the warm ones; undefined where children know nothing of theirs. */
export type StartOwn = ((memoryBytes: number) => () => WarmChild) | undefined

/** One attempt on a warm child, from waiting for it to giving it back clean, or replaced. */
export class ChildAttempt implements RunningAttempt, ChildListener {
  readonly outcome: Promise<RunOutcome>
  readonly #pool: WarmPool<WarmChild>
  readonly #startOwn: StartOwn
  readonly #memoryBytes: number | undefined
  readonly #description: ProcessorDescription
  readonly #options: RunnerOptions
  readonly #request: AttemptRequest
  readonly #sink: AttemptSink
  readonly #session: AttemptSession
  readonly #stop: AttemptStop
  readonly #ended = Promise.withResolvers<End>()
  #child: WarmChild | undefined
  #begun = false
  /** Started for this attempt alone. */
  #isOwn = false
  #excessBytes: number | undefined

  constructor(
    pool: WarmPool<WarmChild>,
    startOwn: StartOwn,
    description: ProcessorDescription,
    options: RunnerOptions,
    request: AttemptRequest,
    sink: AttemptSink,
  ) {
    this.#pool = pool
    this.#startOwn = startOwn
    this.#memoryBytes = request.memoryBytes ?? description.memory_bytes
    this.#description = description
    this.#options = options
    this.#request = request
    this.#sink = sink
    this.#session = new AttemptSession(request, sink)
    const { term: termMs = 3000, kill: killMs = 6000 } = options.cancelGraceMs ?? {}
    this.#stop = new AttemptStop((reason) => this.#child?.send({ type: 'cancel', reason }), {
      termMs,
      killMs,
    })
    this.outcome = this.#run()
  }

  cancel(reason: StopReason): void {
    this.#stop.cancel(reason)
  }

  kill(): void {
    this.#stop.kill()
  }

  drain(): void {
    // Nothing has begun: there is nothing to keep.
    if (!this.#child && !this.#begun) return this.#stop.cancel('drain')
    this.#session.draining = true
    this.#child?.send({ type: 'drain' })
  }

  message(message: FromProcessor): void {
    switch (message.type) {
      case 'progress':
        return this.#session.progress(message)
      case 'log':
        return this.#session.log(message)
      case 'output':
        return this.#session.output(message)
      case 'checkpoint':
        return this.#session.checkpoint(message, (answer) => this.#child?.send(answer))
      case 'result':
      case 'error':
        if (message.type === 'error') this.#session.trace(message.trace)
        return this.#ended.resolve(message)
    }
  }

  nonsense(detail: string): void {
    this.#ended.resolve({ type: 'nonsense', detail })
  }

  text(from: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined {
    return this.#session.text(from, chunk)
  }

  exit(exit: ProcessExit): void {
    this.#ended.resolve({ type: 'exit', exit })
  }

  async #run(): Promise<RunOutcome> {
    const child = await this.#acquire()
    if (!child) {
      await this.#session.close()
      return { kind: 'stopped', reason: this.#stop.reason ?? 'lost', usage: {} }
    }
    this.#child = child
    this.#begun = true
    this.#sink.started?.()
    const start = markStart()
    child.listen(this)
    const watch = watchUsage(child.process.pid, {
      memoryBytes: this.#memoryBytes,
      onAlive: () => this.#sink.alive(),
      onTooMuchMemory: (bytes) => {
        this.#excessBytes = bytes
        child.process.signal('SIGKILL')
      },
    })
    child.send(toRunMessage(this.#description.name, this.#options, this.#request))
    this.#stop.attach(child.process)

    const end = await this.#ended.promise
    this.#stop.detach()
    // From here on the child is the next attempt's: a late kill() or cancel() must not reach it.
    this.#child = undefined
    const reusable =
      (end.type === 'result' || (end.type === 'error' && end.fatal !== true)) &&
      !this.#isOwn &&
      this.#stop.reason === undefined &&
      this.#excessBytes === undefined
    const usage = watch.stop()
    await this.#cleanUp(child, reusable, start)
    const outputError = await this.#session.close()
    if (outputError) return { ...sinkFailure(outputError.error), usage }
    return this.#outcomeOf(end, usage)
  }

  /** Warm ones have the processor's limit. */
  #acquire(): Promise<WarmChild | undefined> {
    const { memoryBytes } = this.#request
    const start = memoryBytes === undefined ? undefined : this.#startOwn?.(memoryBytes)
    this.#isOwn = start !== undefined
    if (start === undefined) return this.#pool.acquire(this.#stop.waiting)
    return this.#pool.acquireOwn(this.#stop.waiting, start)
  }

  /** Kills what is left, reads what was printed, and gives the child back or replaces it. */
  async #cleanUp(child: WarmChild, reusable: boolean, start: StartMark): Promise<void> {
    const { attemptId } = this.#request
    const { pid: group, mark: processMark } = child.process
    if (reusable) await killLeftovers({ group, attemptId, processMark }, start)
    else await child.process.killAll(attemptId)
    await this.#session.drain()
    child.listen(undefined)
    this.#pool.release(child, reusable)
  }

  #outcomeOf(end: End, usage: RunUsage): RunOutcome {
    if (end.type === 'result') return { kind: 'completed', value: end.value, usage }
    if (this.#excessBytes !== undefined)
      return { ...tooMuchMemory(this.#excessBytes, this.#memoryBytes), usage }
    if (this.#stop.reason) return { kind: 'stopped', reason: this.#stop.reason, usage }
    // It was told to stop after its checkpoint; however it ended, what it had is kept.
    if (this.#session.drained) return { kind: 'stopped', reason: 'drain', usage }
    if (end.type === 'exit') return { ...failureOfExit(end.exit, this.#session.stderr.tail), usage }
    if (end.type === 'error') return { ...failureOfMessage(end), usage }
    const detail = `The processor wrote a line on fd 4 that is not of the protocol: ${end.detail}`
    return {
      kind: 'failed',
      problem: toProblem(new LonghaulError('transient', detail)),
      retry: 'policy',
      usage,
    }
  }
}

/** Storage failed, not the author: the attempt counts as lost. */
function sinkFailure(error: unknown): Omit<Extract<RunOutcome, { kind: 'failed' }>, 'usage'> {
  return { kind: 'failed', problem: toProblem(error), retry: 'lost' }
}
