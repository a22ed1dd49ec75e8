import { CancelledError } from '../../processor/index.ts'
import type { CheckpointAnswer, ToProcessor } from '../messages.ts'

/** What the supervisor tells an attempt while it runs: whoever reads its messages hands them to `heed`. */
export class AttemptOrders {
  readonly #abort = new AbortController()
  #draining = false
  #waiting: ((answer: CheckpointAnswer) => void) | undefined

  /** Aborts when the attempt is to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The worker is about to end: a checkpoint is due. */
  get draining(): boolean {
    return this.#draining
  }

  heed(message: ToProcessor): void {
    if (message.type === 'cancel') this.stop(message.reason)
    else if (message.type === 'drain') this.#draining = true
    else if (message.type === 'checkpointed') this.#waiting?.(message)
  }

  stop(reason: string): void {
    this.#abort.abort(new CancelledError(reason))
  }

  /** What is said to the checkpoint that is sent next. Throws when the attempt is to stop before that. */
  answer(): Promise<CheckpointAnswer> {
    return new Promise((resolve, reject) => {
      const { signal } = this
      signal.throwIfAborted()
      const stopped = (): void => reject(signal.reason as CancelledError)
      signal.addEventListener('abort', stopped, { once: true })
      this.#waiting = (answer) => {
        this.#waiting = undefined
        signal.removeEventListener('abort', stopped)
        resolve(answer)
      }
    })
  }
}
