import { LonghaulError, toProblem } from '../../errors/index.ts'
import type { ProcessorDescription } from '../../processor/description.ts'
import { failureOfMessage, outOfMemory } from '../attempt-failure.ts'
import { AttemptSession } from '../attempt-session.ts'
import { killLeftovers, markStart } from '../child-process/leftovers.ts'
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
import type { FromThread } from './thread-start.ts'
import type { ThreadExit, ThreadListener, WarmThread } from './warm-thread.ts'

type StopReason = Parameters<RunningAttempt['cancel']>[0]
type End =
  | Extract<FromThread, { type: 'result' | 'error' }>
  | { readonly type: 'exit'; readonly exit: ThreadExit }

const lookAtCpuMs = 1000

/** One attempt on a warm thread: asked to stop by a message, and ended with its thread after the grace. */
export class ThreadAttempt implements RunningAttempt, ThreadListener {
  readonly outcome: Promise<RunOutcome>
  readonly #pool: WarmPool<WarmThread>
  readonly #start: (description: ProcessorDescription) => WarmThread
  readonly #description: ProcessorDescription
  readonly #options: RunnerOptions
  readonly #request: AttemptRequest
  readonly #sink: AttemptSink
  readonly #session: AttemptSession
  readonly #ended = Promise.withResolvers<End>()
  readonly #waiting = new AbortController()
  #thread: WarmThread | undefined
  #begun = false
  #stop: StopReason | undefined
  #grace: NodeJS.Timeout | undefined

  constructor(
    pool: WarmPool<WarmThread>,
    start: (description: ProcessorDescription) => WarmThread,
    description: ProcessorDescription,
    options: RunnerOptions,
    request: AttemptRequest,
    sink: AttemptSink,
  ) {
    this.#pool = pool
    this.#start = start
    this.#description = description
    this.#options = options
    this.#request = request
    this.#sink = sink
    this.#session = new AttemptSession(request, sink)
    this.outcome = this.#run()
  }

  cancel(reason: StopReason): void {
    if (this.#stop) return
    this.#stop = reason
    this.#waiting.abort()
    this.#thread?.send({ type: 'cancel', reason })
    const graceMs = this.#options.cancelGraceMs?.kill ?? 6000
    this.#grace = setTimeout(() => void this.#thread?.destroy(), graceMs)
  }

  drain(): void {
    // Nothing has begun: there is nothing to keep.
    if (!this.#begun) return this.cancel('drain')
    this.#session.draining = true
    this.#thread?.send({ type: 'drain' })
  }

  kill(): void {
    this.#stop ??= 'lost'
    this.#waiting.abort()
    void this.#thread?.destroy()
  }

  message(message: FromThread): void {
    switch (message.type) {
      case 'progress':
        return this.#session.progress(message)
      case 'log':
        return this.#session.log(message)
      case 'output':
        return this.#session.output(message)
      case 'checkpoint':
        return this.#session.checkpoint(message, (answer) => this.#thread?.send(answer))
      case 'result':
      case 'error':
        if (message.type === 'error') this.#session.trace(message.trace)
        return this.#ended.resolve(message)
    }
  }

  text(from: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined {
    return this.#session.text(from, chunk)
  }

  exit(exit: ThreadExit): void {
    this.#ended.resolve({ type: 'exit', exit })
  }

  async #run(): Promise<RunOutcome> {
    const thread = await this.#acquire()
    if (!thread) {
      clearTimeout(this.#grace)
      await this.#session.close()
      return { kind: 'stopped', reason: this.#stop ?? 'lost', usage: {} }
    }
    const end = await this.#serve(thread)
    const outputError = await this.#session.close()
    if (!outputError) return this.#outcomeOf(end)
    // Storage failed, not the author: the attempt counts as lost.
    const problem = toProblem(outputError.error)
    return { kind: 'failed', problem, retry: 'lost', usage: end.usage }
  }

  /** Warm ones have the processor's limit. */
  #acquire(): Promise<WarmThread | undefined> {
    const { signal } = this.#waiting
    const { memoryBytes } = this.#request
    if (memoryBytes === undefined) return this.#pool.acquire(signal)
    const limited = { ...this.#description, memory_bytes: memoryBytes }
    return this.#pool.acquireOwn(signal, () => this.#start(limited))
  }

  /** From taking the thread to giving it back, or its end; what the author left running goes. */
  async #serve(thread: WarmThread): Promise<{ readonly last: End; readonly usage: RunUsage }> {
    this.#thread = thread
    this.#begun = true
    this.#sink.started?.()
    const start = markStart()
    thread.listen(this)
    const cpu = await watchCpu(thread, () => this.#sink.alive())
    thread.send(toRunMessage(this.#description.name, this.#options, this.#request))
    if (this.#stop) thread.send({ type: 'cancel', reason: this.#stop })
    const last = await this.#ended.promise
    clearTimeout(this.#grace)
    this.#thread = undefined // a late kill() or cancel() must not reach the next attempt's thread
    const reusable =
      this.#request.memoryBytes === undefined &&
      this.#stop === undefined &&
      (last.type === 'result' || (last.type === 'error' && last.fatal !== true))
    const usage = await cpu.stop()
    if (!reusable) await thread.destroy()
    // No group and no parent are theirs alone: their mark tells them.
    await killLeftovers({ group: -1, attemptId: this.#request.attemptId }, start)
    await this.#session.drain()
    thread.listen(undefined)
    this.#pool.release(thread, reusable)
    return { last, usage }
  }

  #outcomeOf({ last, usage }: { readonly last: End; readonly usage: RunUsage }): RunOutcome {
    if (last.type === 'result') return { kind: 'completed', value: last.value, usage }
    if (this.#stop) return { kind: 'stopped', reason: this.#stop, usage }
    // It was told to stop after its checkpoint; however it ended, what it had is kept.
    if (this.#session.drained) return { kind: 'stopped', reason: 'drain', usage }
    if (last.type === 'error') return { ...failureOfMessage(last), usage }
    const { code, error } = last.exit
    if (error?.code === 'ERR_WORKER_OUT_OF_MEMORY')
      return { ...outOfMemory('The attempt ran out of the JavaScript heap of its thread.'), usage }
    const how = error ? error.message : `exit code ${code}`
    const detail = `The thread ended before it gave a result: ${how}`
    const problem = toProblem(new LonghaulError('transient', detail))
    return { kind: 'failed', problem, retry: 'policy', usage }
  }
}

/** A second of CPU time is a sign of life. */
async function watchCpu(
  thread: WarmThread,
  onAlive: () => void,
): Promise<{ stop(): Promise<RunUsage> }> {
  const atStart = await thread.cpuMs()
  let newest = atStart ?? 0
  let seen = newest
  const timer = setInterval(() => {
    void thread.cpuMs().then((cpuMs = newest) => {
      newest = cpuMs
      if (cpuMs - seen < 1000) return
      seen = cpuMs
      onAlive()
    })
  }, lookAtCpuMs).unref()
  return {
    stop: async () => {
      clearInterval(timer)
      const atEnd = (await thread.cpuMs()) ?? newest
      return atStart === undefined ? {} : { cpuMs: Math.max(0, Math.round(atEnd - atStart)) }
    },
  }
}
