import type { RunningAttempt } from '../runner.ts'
import { StopLadder } from './stop-ladder.ts'
import type { SupervisedProcess } from './supervised-process.ts'

export type StopReason = Parameters<RunningAttempt['cancel']>[0]

/** How an attempt on a process of its own is stopped: while it waits for one, and while it runs on it. The first reason stands. */
export class AttemptStop {
  readonly #waiting = new AbortController()
  readonly #ladder: StopLadder
  #process: SupervisedProcess | undefined
  #reason: StopReason | undefined

  /** `ask`: the gentlest word that is understood; SIGTERM follows after `termMs` where the word was another. */
  constructor(
    ask: (reason: StopReason) => void,
    { termMs, killMs }: { readonly termMs?: number; readonly killMs: number },
  ) {
    this.#ladder = new StopLadder([
      { afterMs: 0, step: () => ask(this.#reason ?? 'lost') },
      ...(termMs === undefined
        ? []
        : [{ afterMs: termMs, step: () => this.#process?.signal('SIGTERM') }]),
      { afterMs: killMs, step: () => this.#process?.signal('SIGKILL') },
    ])
  }

  get reason(): StopReason | undefined {
    return this.#reason
  }

  /** Aborts when it is to stop, also before there is a process. */
  get waiting(): AbortSignal {
    return this.#waiting.signal
  }

  cancel(reason: StopReason): void {
    this.#reason ??= reason
    this.#waiting.abort()
    if (this.#process) this.#ladder.begin()
  }

  kill(): void {
    this.#reason ??= 'lost'
    this.#waiting.abort()
    this.#process?.signal('SIGKILL')
  }

  /** It runs; whoever was told to stop meanwhile is asked now. */
  attach(process: SupervisedProcess): void {
    this.#process = process
    if (this.#reason) this.#ladder.begin()
  }

  /** It has ended: nothing reaches the process any more, which may be the next attempt's. */
  detach(): void {
    this.#ladder.end()
    this.#process = undefined
  }
}
