import type { Processor } from '../../processor/index.ts'
import { AttemptOrders } from '../author-context/attempt-orders.ts'
import { runAttempt, type AttemptEnd } from '../author-context/run-attempt.ts'
import { failureOfMessage } from '../attempt-failure.ts'
import { AttemptSession } from '../attempt-session.ts'
import { toProblem } from '../../errors/index.ts'
import type { FromProcessor, RunMessage } from '../messages.ts'
import type {
  AttemptRequest,
  AttemptSink,
  RunnerOptions,
  RunningAttempt,
  RunOutcome,
} from '../runner.ts'
import { toRunMessage } from '../run-message.ts'
import type { Slots } from '../slots.ts'
import type { WarmUp } from './warm-up.ts'

type StopReason = Parameters<RunningAttempt['cancel']>[0]

/**
 * One attempt in this process. It can only be asked to stop: code that does not heed its signal is abandoned after the
 * same grace in which a child process would be killed, and what it says later is not heard.
 */
export class InlineAttempt implements RunningAttempt {
  readonly outcome: Promise<RunOutcome>
  readonly #processor: Processor
  readonly #message: RunMessage
  readonly #session: AttemptSession
  readonly #orders = new AttemptOrders()
  readonly #sink: AttemptSink
  readonly #abandoned = Promise.withResolvers<'abandoned'>()
  readonly #graceMs: number
  #stop: StopReason | undefined
  #begun = false
  #heard = true

  constructor(
    processor: Processor,
    parts: { readonly slots: Slots; readonly warmUp: WarmUp },
    options: RunnerOptions,
    request: AttemptRequest,
    sink: AttemptSink,
  ) {
    this.#processor = processor
    this.#message = toRunMessage(processor.name, options, request)
    this.#session = new AttemptSession(request, sink)
    this.#sink = sink
    this.#graceMs = options.cancelGraceMs?.kill ?? 6000
    this.outcome = this.#run(parts)
  }

  cancel(reason: StopReason): void {
    if (this.#stop) return
    this.#stop = reason
    this.#orders.stop(reason)
    setTimeout(() => this.#abandoned.resolve('abandoned'), this.#graceMs).unref()
  }

  drain(): void {
    if (!this.#begun) return this.cancel('drain')
    this.#session.draining = true
    this.#orders.heed({ type: 'drain' })
  }

  kill(): void {
    this.cancel('lost')
    this.#abandoned.resolve('abandoned')
  }

  async #run({ slots, warmUp }: { slots: Slots; warmUp: WarmUp }): Promise<RunOutcome> {
    const { signal } = this.#orders
    const release = await slots.take(signal)
    const warm = await warmUp.warm(signal)
    let end: AttemptEnd | 'abandoned' = 'abandoned'
    if (release && warm !== 'stopped') {
      this.#begun = true
      this.#sink.started?.()
      const attempt = runAttempt({
        processor: this.#processor,
        warm: warm.value,
        message: this.#message,
        channel: { send: (message) => this.#heed(message) },
        orders: this.#orders,
      })
      end = await Promise.race([attempt, this.#abandoned.promise])
    }
    this.#heard = false
    if (end !== 'abandoned' && end.type === 'error') this.#session.trace(end.trace)
    const outputError = await this.#session.close()
    release?.()
    if (outputError)
      return { kind: 'failed', problem: toProblem(outputError.error), retry: 'lost', usage: {} }
    if (end !== 'abandoned' && end.type === 'result')
      return { kind: 'completed', value: end.value, usage: {} }
    if (end === 'abandoned' || this.#stop)
      return { kind: 'stopped', reason: this.#stop ?? 'lost', usage: {} }
    if (this.#session.drained) return { kind: 'stopped', reason: 'drain', usage: {} }
    return { ...failureOfMessage(end), usage: {} }
  }

  #heed(message: FromProcessor): void {
    if (!this.#heard) return
    if (message.type === 'progress') this.#session.progress(message)
    else if (message.type === 'log') this.#session.log(message)
    else if (message.type === 'output') this.#session.output(message)
    else if (message.type === 'checkpoint')
      this.#session.checkpoint(message, (answer) => this.#orders.heed(answer))
  }
}
