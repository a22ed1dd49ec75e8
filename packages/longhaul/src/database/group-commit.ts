import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../errors/index.ts'
import { faultPoint } from '../support/fault-point.ts'
import { beginImmediate } from './begin-immediate.ts'
import type { Connection } from './connection.ts'
import type { DiskReserve } from './disk-reserve.ts'
import { fromSqliteError, isFull } from './sqlite-error.ts'

interface Pending {
  readonly work: (connection: Connection) => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** A group ends after this long, so that a burst of writes cannot hold up the event loop. */
const maxGroupMs = 25
/** While other processes write too: how long one holds the lock, all told, before it gives way to them. */
const turnMs = 25
const sharedMs = 1_000

/**
 * Makes one transaction of all work that arrives in the same turn of the event loop: one fsync pays for many writes. The
 * promise of a piece resolves only after the COMMIT. A failing one takes nobody along: its group is undone and done again
 * with a savepoint for each, which cost too much to be there always. So a piece may run twice, and must say the same.
 */
export class GroupCommit {
  readonly #db: DatabaseSync
  readonly #connection: Connection
  readonly #reserve: DiskReserve | undefined
  #waiting: Pending[] = []
  /** How many of the first that wait have failed together, and now run each in a savepoint of its own. */
  #apart = 0
  #flushing: Promise<void> | undefined
  /** When somebody else was last seen writing. */
  #sharedAt = Number.NEGATIVE_INFINITY
  #version = 0
  #turnMs = 0
  #restUntil = 0
  #closed = false

  constructor(db: DatabaseSync, connection: Connection, reserve?: DiskReserve) {
    this.#db = db
    this.#connection = connection
    this.#reserve = reserve
  }

  run<T>(work: (connection: Connection) => T): Promise<T> {
    if (this.#closed)
      return Promise.reject(new LonghaulError('unavailable', 'The database has been closed.'))
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve, reject })
      // setImmediate runs after this turn's I/O callbacks: everything they ask for is in the group.
      this.#flushing ??= new Promise<void>((done) => setImmediate(done)).then(() => this.#flush())
    })
  }

  /** Commits what is waiting, then refuses more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#flushing
  }

  async #flush(): Promise<void> {
    const yieldTurn = (): Promise<void> => new Promise((done) => setImmediate(done))
    while (this.#waiting.length > 0) {
      try {
        await this.#begin()
      } catch (error) {
        for (const pending of this.#waiting.splice(0)) pending.reject(fromSqliteError(error))
        this.#apart = 0
        break
      }
      this.#commitGroup()
      if (this.#waiting.length > 0) await yieldTurn()
    }
    this.#flushing = undefined
  }

  /**
   * SQLite's lock is fair to nobody: the busiest process finds it free first again and again, while others wait for
   * seconds. So who writes beside others gives way after each turn.
   */
  async #begin(): Promise<void> {
    const restMs = this.#restUntil - performance.now()
    if (restMs > 0) await sleep(restMs)
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    await beginImmediate(this.#db, () => (this.#sharedAt = performance.now()))
  }

  #endTurn(heldSince: number): void {
    const now = performance.now()
    const version = this.#dataVersion()
    if (version !== this.#version) this.#sharedAt = now
    this.#version = version
    this.#turnMs += now - heldSince
    if (this.#turnMs < turnMs) return
    this.#turnMs = 0
    if (now - this.#sharedAt < sharedMs) this.#restUntil = now + turnMs * (0.25 + Math.random() / 2)
  }

  /** Changes when another connection has committed. Manners only: a database that cannot say so just now need not. */
  #dataVersion(): number {
    try {
      const row = this.#connection.get<{ data_version: number }>('PRAGMA data_version')
      return row?.data_version ?? 0
    } catch {
      return 0
    }
  }

  /** Synchronous from its first statement to the COMMIT: we hold the write lock. */
  #commitGroup(): void {
    const settled: (() => void)[] = []
    const taken: Pending[] = []
    const start = performance.now()
    const apart = this.#apart > 0
    let failsTogether = !apart
    try {
      do {
        const pending = this.#waiting.shift()
        if (pending === undefined) break
        taken.push(pending)
        settled.push(apart ? this.#runApart(pending) : this.#runOne(pending))
      } while (performance.now() - start < maxGroupMs && this.#apart > 0 === apart)
      failsTogether = false
      faultPoint('engine.before-commit')
      this.#db.exec('COMMIT')
      faultPoint('engine.after-commit')
    } catch (error) {
      failsTogether &&= this.#db.isTransaction && !isFull(error) && taken.length > 1
      this.#rollBack()
      // With the reserve given up, the same group fits. It is given up once; then a full disk is an error.
      if (failsTogether || (isFull(error) && this.#reserve?.free() === true)) {
        this.#waiting.unshift(...taken)
        this.#apart += taken.length
      } else for (const pending of taken) pending.reject(fromSqliteError(error))
      return
    }
    for (const settle of settled) settle()
    if (this.#reserve?.isSpent === true) void this.#reserve.fill()
    this.#endTurn(start)
  }

  /** Must not throw: those who wait would wait for ever. */
  #rollBack(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    } catch {
      // The next group tries again before it begins.
    }
  }

  #runOne({ work, resolve }: Pending): () => void {
    const value = work(this.#connection)
    if (value instanceof Promise)
      throw new TypeError('Work inside a transaction must be synchronous')
    return () => resolve(value as never)
  }

  #runApart(pending: Pending): () => void {
    this.#apart -= 1
    this.#db.exec('SAVEPOINT one')
    try {
      const settle = this.#runOne(pending)
      this.#db.exec('RELEASE one')
      return settle
    } catch (error) {
      // A full disk, or an I/O error that ends the transaction by itself: the group has failed, not one of it.
      if (!this.#db.isTransaction || isFull(error)) throw error
      this.#db.exec('ROLLBACK TO one; RELEASE one')
      return () => pending.reject(fromSqliteError(error))
    }
  }
}
