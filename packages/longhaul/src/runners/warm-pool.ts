import { toProblem, type LonghaulError } from '../errors/index.ts'
import type { RunnerState } from './runner.ts'

/** A process or a thread that has been set up once and runs one attempt after the other. */
export interface WarmMember {
  /** 'ready' after setup; else why it is of no use. */
  readonly started: Promise<'ready' | LonghaulError>
  readonly startedAt: number
  readonly alive: boolean
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>
  /** Lets an idle one end by itself, then makes sure. */
  stop(): Promise<void>
  /** Ends it at once. */
  destroy(): Promise<void>
}

const firstPauseMs = 1000
const longestPauseMs = 60_000

/**
 * The warm children, or threads, of one processor: one from the start, more when attempts wait, never more than `slots`. One whose
 * setup fails is tried again after growing pauses; meanwhile attempts wait and the state says why.
 */
export class WarmPool<Member extends WarmMember> {
  readonly #start: () => Member
  readonly #slots: number
  readonly #members = new Set<Member>()
  readonly #idle: Member[] = []
  readonly #waiting: { readonly give: (member: Member | undefined) => void }[] = []
  readonly #listeners: ((state: RunnerState) => void)[] = []
  #state: RunnerState = { kind: 'starting' }
  #starting = 0
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #stopped = false

  constructor(slots: number, start: () => Member, first?: Member) {
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

  /** A warm member of one's own; undefined when the signal aborted or the pool stopped first. */
  acquire(signal: AbortSignal): Promise<Member | undefined> {
    if (signal.aborted || this.#stopped) return Promise.resolve(undefined)
    for (let member = this.#idle.pop(); member; member = this.#idle.pop())
      if (member.alive) return Promise.resolve(member)
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

  /** One made for this attempt alone, in the place of a warm one: started with other settings, it serves nobody else. */
  async acquireOwn(signal: AbortSignal, start: () => Member): Promise<Member | undefined> {
    for (;;) {
      const warm = await this.acquire(signal)
      if (warm === undefined) return undefined
      await warm.stop() // the two together could hold more than there is
      this.#members.delete(warm)
      if (this.#stopped) return undefined
      const own = start()
      this.#members.add(own)
      const outcome = await own.started
      if (outcome !== 'ready') this.#failed(own, outcome)
      else if (signal.aborted) this.release(own, false)
      else return own
    }
  }

  release(member: Member, reusable: boolean): void {
    if (reusable && member.alive && !this.#stopped) return this.#offer(member)
    this.#members.delete(member)
    void member.destroy()
    this.#grow()
  }

  /** Children that run an attempt are ended with the rest; the attempt hears of it as its process's end. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#retry)
    for (const { give } of this.#waiting.splice(0)) give(undefined)
    await Promise.all([...this.#members].map((member) => member.stop()))
  }

  #offer(member: Member): void {
    const waiter = this.#waiting.shift()
    if (waiter) waiter.give(member)
    else this.#idle.push(member)
  }

  /** Starts children where they are missing: one for each that waits, and one to be warm when nobody does. */
  #grow(): void {
    if (this.#stopped || this.#retry) return
    const wanted = Math.max(this.#waiting.length, this.#members.size === 0 ? 1 : 0)
    for (let missing = wanted - this.#starting; missing > 0; missing--)
      if (this.#members.size < this.#slots) void this.#adopt(this.#start())
  }

  async #adopt(member: Member): Promise<void> {
    this.#members.add(member)
    this.#starting++
    const outcome = await member.started
    this.#starting--
    if (outcome !== 'ready') return this.#failed(member, outcome)
    this.#failures = 0
    if (this.#state.kind !== 'ready')
      this.#setState({ kind: 'ready', warmMs: Math.round(performance.now() - member.startedAt) })
    void member.ended.then(() => this.#lost(member))
    if (this.#stopped) return
    this.#offer(member)
  }

  #failed(member: Member, error: LonghaulError): void {
    this.#members.delete(member)
    void member.destroy()
    if (this.#stopped) return
    if (this.#members.size === 0) this.#setState({ kind: 'broken', problem: toProblem(error) })
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#grow()
    }, pauseMs).unref()
  }

  /** It ended: while idle, or under an attempt that releases it itself. */
  #lost(member: Member): void {
    const at = this.#idle.indexOf(member)
    if (at === -1) return
    this.#idle.splice(at, 1)
    this.release(member, false)
  }

  #setState(state: RunnerState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
