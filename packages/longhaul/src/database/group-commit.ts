import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../errors/index.ts'
import { faultPoint } from '../support/fault-point.ts'
import type { Connection } from './connection.ts'
import { fromSqliteError, isBusy } from './sqlite-error.ts'

interface Pending {
  readonly work: (connection: Connection) => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** A group ends after this long, so that a burst of writes cannot hold up the event loop. */
const maxGroupMs = 25
const maxBusyMs = 30_000

/**
 * Makes one transaction of all work that arrives in the same turn of the event loop: one fsync pays for many writes.
 * Each piece runs in a savepoint of its own, so a failing one takes nobody along, and its promise resolves only after
 * the COMMIT.
 */
export class GroupCommit {
  readonly #db: DatabaseSync
  readonly #connection: Connection
  #waiting: Pending[] = []
  #flushing: Promise<void> | undefined
  #closed = false

  constructor(db: DatabaseSync, connection: Connection) {
    this.#db = db
    this.#connection = connection
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
        break
      }
      this.#commitGroup()
      if (this.#waiting.length > 0) await yieldTurn()
    }
    this.#flushing = undefined
  }

  /** Another process may be writing. SQLite would wait asleep, with the event loop; we wait awake. */
  async #begin(): Promise<void> {
    const giveUp = performance.now() + maxBusyMs
    for (;;) {
      try {
        this.#db.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUp) throw error
      }
      await sleep(1 + Math.random() * 4)
    }
  }

  /** Synchronous from its first statement to the COMMIT: we hold the write lock. */
  #commitGroup(): void {
    const settled: (() => void)[] = []
    const taken: Pending[] = []
    const end = performance.now() + maxGroupMs
    try {
      do {
        const pending = this.#waiting.shift()
        if (pending === undefined) break
        taken.push(pending)
        settled.push(this.#runOne(pending))
      } while (performance.now() < end)
      faultPoint('engine.before-commit')
      this.#db.exec('COMMIT')
      faultPoint('engine.after-commit')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      for (const pending of taken) pending.reject(fromSqliteError(error))
      return
    }
    for (const settle of settled) settle()
  }

  #runOne(pending: Pending): () => void {
    this.#db.exec('SAVEPOINT one')
    try {
      const value = pending.work(this.#connection)
      if (value instanceof Promise)
        throw new TypeError('Work inside a transaction must be synchronous')
      this.#db.exec('RELEASE one')
      return () => pending.resolve(value as never)
    } catch (error) {
      // A full disk or an I/O error ends the whole transaction by itself: then the group has failed, not one of it.
      if (!this.#db.isTransaction) throw error
      this.#db.exec('ROLLBACK TO one; RELEASE one')
      return () => pending.reject(fromSqliteError(error))
    }
  }
}
