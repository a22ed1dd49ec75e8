import { toProblem, type LonghaulError } from '../../errors/index.ts'
import type { RunnerState } from '../runner.ts'
import type { WarmChild } from './warm-child.ts'

const firstPauseMs = 1000
const longestPauseMs = 60_000

/**
 * The warm children of one processor: one from the start, more when attempts wait, never more than `slots`. A child whose
 * setup fails is tried again after growing pauses; meanwhile attempts wait and the state says why.
 */
export class ChildPool {
  readonly #start: () => WarmChild
  readonly #slots: number
  readonly #children = new Set<WarmChild>()
  readonly #idle: WarmChild[] = []
  readonly #waiting: { readonly give: (child: WarmChild | undefined) => void }[] = []
  readonly #listeners: ((state: RunnerState) => void)[] = []
  #state: RunnerState = { kind: 'starting' }
  #starting = 0
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #stopped = false

  constructor(slots: number, start: () => WarmChild, first?: WarmChild) {
    this.#slots = Math.max(1, slots)
    this.#start = start
    void this.#adopt(first ?? start())
  }

  get state(): RunnerState {
    return this.#state
  }

  onState(listener: (state: RunnerState) => void): void {
    this.#listeners.push(listener)
  }

  /** A warm child of one's own; undefined when the signal aborted or the pool stopped first. */
  acquire(signal: AbortSignal): Promise<WarmChild | undefined> {
    if (signal.aborted || this.#stopped) return Promise.resolve(undefined)
    for (let child = this.#idle.pop(); child; child = this.#idle.pop())
      if (child.alive) return Promise.resolve(child)
    return new Promise((resolve) => {
      const waiter = { give: resolve }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', () => {
        const at = this.#waiting.indexOf(waiter)
        if (at !== -1) this.#waiting.splice(at, 1)
        resolve(undefined)
      })
      this.#grow()
    })
  }

  release(child: WarmChild, reusable: boolean): void {
    if (reusable && child.alive && !this.#stopped) return this.#offer(child)
    this.#children.delete(child)
    void child.process.destroy()
    this.#grow()
  }

  /** Children that run an attempt are ended with the rest; the attempt hears of it as its process's end. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#retry)
    for (const { give } of this.#waiting.splice(0)) give(undefined)
    await Promise.all([...this.#children].map((child) => child.stop()))
  }

  #offer(child: WarmChild): void {
    const waiter = this.#waiting.shift()
    if (waiter) waiter.give(child)
    else this.#idle.push(child)
  }

  /** Starts children where they are missing: one for each that waits, and one to be warm when nobody does. */
  #grow(): void {
    if (this.#stopped || this.#retry) return
    const wanted = Math.max(this.#waiting.length, this.#children.size === 0 ? 1 : 0)
    for (let missing = wanted - this.#starting; missing > 0; missing--)
      if (this.#children.size < this.#slots) void this.#adopt(this.#start())
  }

  async #adopt(child: WarmChild): Promise<void> {
    this.#children.add(child)
    this.#starting++
    const outcome = await child.started
    this.#starting--
    if (outcome !== 'ready') return this.#failed(child, outcome)
    this.#failures = 0
    if (this.#state.kind !== 'ready')
      this.#setState({ kind: 'ready', warmMs: Math.round(performance.now() - child.startedAt) })
    void child.process.exit.then(() => this.#lost(child))
    if (this.#stopped) return
    this.#offer(child)
  }

  #failed(child: WarmChild, error: LonghaulError): void {
    this.#children.delete(child)
    void child.process.destroy()
    if (this.#stopped) return
    if (this.#children.size === 0) this.#setState({ kind: 'broken', problem: toProblem(error) })
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#grow()
    }, pauseMs).unref()
  }

  /** It ended: while idle, or under an attempt that releases it itself. */
  #lost(child: WarmChild): void {
    const at = this.#idle.indexOf(child)
    if (at === -1) return
    this.#idle.splice(at, 1)
    this.release(child, false)
  }

  #setState(state: RunnerState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
