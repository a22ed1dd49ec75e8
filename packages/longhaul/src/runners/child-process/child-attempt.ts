import { LonghaulError, toProblem } from '../../errors/index.ts'
import { failureOfExit, failureOfMessage, outOfMemory } from '../attempt-failure.ts'
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
import type { ProcessorDescription } from '../../processor/description.ts'
import type { ChildPool } from './child-pool.ts'
import { killLeftovers, markStart, type StartMark } from './leftovers.ts'
import { StopLadder } from './stop-ladder.ts'
import type { ProcessExit } from './supervised-process.ts'
import type { ChildListener, WarmChild } from './warm-child.ts'
import { watchUsage } from './watch-usage.ts'

type StopReason = Parameters<RunningAttempt['cancel']>[0]
type End =
  | Extract<FromProcessor, { type: 'result' | 'error' }>
  | { readonly type: 'exit'; readonly exit: ProcessExit }
  | { readonly type: 'nonsense'; readonly detail: string }

/** One attempt on a warm child, from waiting for it to giving it back clean, or replaced. */
export class ChildAttempt implements RunningAttempt, ChildListener {
  readonly outcome: Promise<RunOutcome>
  readonly #pool: ChildPool
  readonly #description: ProcessorDescription
  readonly #options: RunnerOptions
  readonly #request: AttemptRequest
  readonly #sink: AttemptSink
  readonly #session: AttemptSession
  readonly #ladder: StopLadder
  readonly #ended = Promise.withResolvers<End>()
  readonly #waiting = new AbortController()
  #child: WarmChild | undefined
  #stop: StopReason | undefined
  #excessBytes: number | undefined

  constructor(
    pool: ChildPool,
    description: ProcessorDescription,
    options: RunnerOptions,
    request: AttemptRequest,
    sink: AttemptSink,
  ) {
    this.#pool = pool
    this.#description = description
    this.#options = options
    this.#request = request
    this.#sink = sink
    this.#session = new AttemptSession(request, sink)
    const { term = 3000, kill = 6000 } = options.cancelGraceMs ?? {}
    this.#ladder = new StopLadder([
      {
        afterMs: 0,
        step: () => this.#child?.send({ type: 'cancel', reason: this.#stop ?? 'lost' }),
      },
      { afterMs: term, step: () => this.#child?.process.signal('SIGTERM') },
      { afterMs: kill, step: () => this.#child?.process.signal('SIGKILL') },
    ])
    this.outcome = this.#run()
  }

  cancel(reason: StopReason): void {
    this.#stop ??= reason
    this.#waiting.abort()
    if (this.#child) this.#ladder.begin()
  }

  kill(): void {
    this.#stop ??= 'lost'
    this.#waiting.abort()
    this.#child?.process.signal('SIGKILL')
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
        this.#session.notice('This version keeps no checkpoints yet; every attempt starts clean.')
        return this.#child?.send({ type: 'checkpointed', saved: false })
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
    const child = await this.#pool.acquire(this.#waiting.signal)
    if (!child) {
      await this.#session.close()
      return { kind: 'stopped', reason: this.#stop ?? 'lost', usage: {} }
    }
    this.#child = child
    const start = markStart()
    child.listen(this)
    const watch = watchUsage(child.process.pid, {
      memoryBytes: this.#description.memory_bytes,
      onAlive: () => this.#sink.alive(),
      onTooMuchMemory: (bytes) => {
        this.#excessBytes = bytes
        child.process.signal('SIGKILL')
      },
    })
    child.send(toRunMessage(this.#description.name, this.#options, this.#request))
    if (this.#stop) this.#ladder.begin()

    const end = await this.#ended.promise
    this.#ladder.end()
    // From here on the child is the next attempt's: a late kill() or cancel() must not reach it.
    this.#child = undefined
    const reusable =
      (end.type === 'result' || (end.type === 'error' && end.fatal !== true)) &&
      this.#stop === undefined &&
      this.#excessBytes === undefined
    const usage = watch.stop()
    await this.#cleanUp(child, reusable, start)
    const outputError = await this.#session.close()
    if (outputError) return { ...sinkFailure(outputError.error), usage }
    return this.#outcomeOf(end, usage)
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
    if (this.#excessBytes !== undefined) {
      const limit = this.#description.memory_bytes
      const detail = `The attempt held ${this.#excessBytes} bytes of memory; its limit is ${limit}.`
      return { ...outOfMemory(detail), usage }
    }
    if (this.#stop) return { kind: 'stopped', reason: this.#stop, usage }
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
