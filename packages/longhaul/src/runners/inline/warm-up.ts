import { isLonghaulError, LonghaulError, toProblem } from '../../errors/index.ts'
import type { Processor } from '../../processor/index.ts'
import type { RunnerState } from '../runner.ts'

const firstPauseMs = 1000
const longestPauseMs = 60_000

/** setup() of a processor in this process: tried until it goes well, in growing pauses; attempts wait for it. */
export class WarmUp {
  readonly #processor: Processor
  readonly #folder: string
  readonly #listeners: ((state: RunnerState) => void)[] = []
  readonly #ready = Promise.withResolvers<unknown>()
  #warm: { readonly value: unknown } | undefined
  #state: RunnerState = { kind: 'starting' }
  #timer: NodeJS.Timeout | undefined
  #failures = 0

  constructor(processor: Processor, folder: string) {
    this.#processor = processor
    this.#folder = folder
    void this.#try()
  }

  get state(): RunnerState {
    return this.#state
  }

  onState(listener: (state: RunnerState) => void): void {
    this.#listeners.push(listener)
  }

  /** What setup returned; 'stopped' when the signal aborts first. */
  async warm(signal: AbortSignal): Promise<{ readonly value: unknown } | 'stopped'> {
    if (signal.aborted) return 'stopped'
    if (this.#warm !== undefined) return this.#warm
    const aborted = new Promise<'stopped'>((resolve) =>
      signal.addEventListener('abort', () => resolve('stopped')),
    )
    return Promise.race([this.#ready.promise.then((value) => ({ value })), aborted])
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #try(): Promise<void> {
    const began = performance.now()
    try {
      const value = await this.#processor.setup?.({ folder: this.#folder, log: silentLog })
      this.#warm = { value }
      this.#ready.resolve(value)
      this.#set({ kind: 'ready', warmMs: Math.round(performance.now() - began) })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const broken = isLonghaulError(error)
        ? error
        : new LonghaulError(
            'processor-broken',
            `${this.#processor.name} failed in setup(): ${message}`,
          )
      this.#set({ kind: 'broken', problem: toProblem(broken) })
      const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs)
      this.#timer = setTimeout(() => void this.#try(), pauseMs).unref()
    }
  }

  #set(state: RunnerState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}

const nothing = (): void => undefined
/** There is no attempt yet whose log could hold a line. */
const silentLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
