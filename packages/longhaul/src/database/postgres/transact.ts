import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { LonghaulError } from '../../errors/index.ts'
import { faultPoint } from '../../support/fault-point.ts'
import type { Statements } from '../database.ts'
import {
  fromPostgresError,
  isDisconnected,
  isOutdated,
  isWorthRepeating,
} from './postgres-error.ts'
import { runWrites, send, type Session, type Sql } from './session.ts'

/** How often work is done again that collided with others'. */
const maxCollisions = 8
/** How long a caller waits for a server that is away before it hears 'unavailable'. */
const patienceMs = 1_500

/**
 * Runs one transaction. Work that certainly did not commit is done again: after a collision, or when the connection went
 * away before the COMMIT was sent. So `work` must not have effects outside the database.
 */
export async function transact<T>(
  pool: Pool,
  statements: Statements,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const start = performance.now()
  for (let collisions = 0; ;) {
    const transaction = new Transaction(statements)
    try {
      return await transaction.run(pool, work)
    } catch (error) {
      if (isWorthRepeating(error)) collisions += 1
      // Each takes a connection out of the pool, so they come to an end.
      const again =
        isOutdated(error) || (isWorthRepeating(error) && collisions < maxCollisions)
          ? true
          : isDisconnected(error) &&
            !transaction.commitSent &&
            performance.now() - start < patienceMs
      if (!again) throw fromPostgresError(error)
      await sleep(isDisconnected(error) ? 50 + Math.random() * 100 : Math.random() * 5 * collisions)
    }
  }
}

class Transaction {
  readonly #statements: Statements
  commitSent = false

  constructor(statements: Statements) {
    this.#statements = statements
  }

  async run<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    // An idle connection that breaks between two statements says so here; the next statement reports it.
    const ignore = (): void => undefined
    client.on('error', ignore)
    let broken: Error | undefined
    try {
      // Not awaited: it travels with the first statements of the work. Should it fail, so do they.
      together(client)
      client.query('BEGIN').catch(ignore)
      const answer = await work(this.#session(client))
      if (!this.commitSent) await this.#finish(client, [])
      return answer
    } catch (error) {
      broken = await rollBack(client, error, this.commitSent)
      throw error
    } finally {
      client.off('error', ignore)
      client.release(broken)
    }
  }

  #session(client: PoolClient): Session {
    return {
      query: async (text, values = []) => (await send(client, { text, values })).rows as never,
      run: async (text, values = []) => (await send(client, { text, values })).rowCount ?? 0,
      write: (writes) => runWrites(client, this.#statements, writes),
      finish: (last) => this.#finish(client, last),
    }
  }

  async #finish(client: PoolClient, last: readonly Sql[]): Promise<readonly (readonly object[])[]> {
    faultPoint('engine.before-commit')
    together(client)
    const sent = last.map((one) => send(client, one))
    this.commitSent = true
    const committed = client.query('COMMIT')
    // The first of them that failed says why; the COMMIT then only reports that it rolled back.
    const [results, end] = await Promise.all([Promise.all(sent), committed])
    if (end.command !== 'COMMIT')
      throw new LonghaulError('internal', 'A transaction that had failed was to be committed')
    faultPoint('engine.after-commit')
    return results.map((result) => result.rows)
  }
}

/** What is asked for before the next turn of the event loop leaves in one packet, not one for each statement. */
function together(client: PoolClient): void {
  // Not part of pg's own promise: without it, packets are more, and that is all.
  const { stream } = (client as { connection?: { stream?: Writable } }).connection ?? {}
  stream?.cork()
  process.nextTick(() => stream?.uncork())
}

/** Answers why the connection must not be used again, if so. */
async function rollBack(
  client: PoolClient,
  error: unknown,
  commitSent: boolean,
): Promise<Error | undefined> {
  const doubtful = () => (error instanceof Error ? error : new Error('The transaction failed'))
  // A server that has become read-only may be the wrong one by now.
  const isReadOnly = (error as { code?: unknown }).code === '25006'
  if (isDisconnected(error) || isOutdated(error) || isReadOnly) return doubtful()
  try {
    if (!commitSent) await client.query('ROLLBACK')
    return undefined
  } catch {
    return doubtful()
  }
}
