import { setImmediate as nextTurn } from 'node:timers/promises'
import { PermanentError, type CheckpointOptions } from '../../processor/index.ts'
import { parseDuration } from '../../support/duration.ts'
import type { Json } from '../../support/json.ts'
import type { AttemptOrders } from './attempt-orders.ts'
import type { Channel } from './channel.ts'
import type { AttemptOutputs } from './outputs.ts'

const defaultEvery = '1 min'
/** After one that could not be saved. */
const retryMs = 5000
/** How long a loop that offers a checkpoint at every step may keep messages from being heard. */
const turnEveryMs = 20
export const maxStateBytes = 256 * 1024

/** `ctx.checkpoint` of one attempt: lazy, one at a time, at once when the worker drains. */
export class Checkpoints {
  readonly #channel: Channel
  readonly #orders: AttemptOrders
  readonly #outputs: AttemptOutputs
  #saving: Promise<boolean> | undefined
  /** The last one that was tried; the attempt began as if it had just been saved. */
  #triedAt = performance.now()
  #failed = false
  #turnedAt = performance.now()

  constructor(channel: Channel, orders: AttemptOrders, outputs: AttemptOutputs) {
    this.#channel = channel
    this.#orders = orders
    this.#outputs = outputs
  }

  readonly offer = async (state: () => Json, options: CheckpointOptions = {}): Promise<boolean> => {
    const { signal } = this.#orders
    signal.throwIfAborted()
    if (performance.now() - this.#turnedAt > turnEveryMs) {
      await nextTurn()
      this.#turnedAt = performance.now()
      signal.throwIfAborted()
    }
    const { files = [], every = defaultEvery } = options
    if (!this.#saving && !this.#isDue(parseDuration(every))) return false
    return (this.#saving ??= this.#save(state, files).finally(() => (this.#saving = undefined)))
  }

  #isDue(everyMs: number): boolean {
    const sinceMs = performance.now() - this.#triedAt
    if (this.#failed) return sinceMs >= Math.min(everyMs, retryMs)
    return this.#orders.draining || sinceMs >= everyMs
  }

  async #save(takeState: () => Json, files: readonly string[]): Promise<boolean> {
    // Taken before anything is awaited: the author's loop may go on without waiting for us.
    const state = takeState() ?? null
    checkSize(state)
    const flushed = await this.#outputs.flush()
    const answered = this.#orders.answer()
    this.#channel.send({
      type: 'checkpoint',
      state,
      files: [...files],
      growing: [...flushed.growing],
      writers: [...flushed.writers],
    })
    const { saved, stop } = await answered
    this.#triedAt = performance.now()
    this.#failed = !saved
    if (stop === true) this.#orders.stop('drain')
    this.#orders.signal.throwIfAborted()
    return saved
  }
}

function checkSize(state: Json): void {
  const bytes = Buffer.byteLength(JSON.stringify(state))
  if (bytes <= maxStateBytes) return
  throw new PermanentError(
    `The state of a checkpoint is ${bytes} bytes of JSON; it may be ${maxStateBytes}. Write what is large to a file and name it in \`files\`.`,
  )
}
