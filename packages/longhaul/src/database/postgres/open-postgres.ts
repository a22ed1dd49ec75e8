import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { LonghaulError } from '../../errors/index.ts'
import type { Database, SqlValue, Statements, Write } from '../database.ts'
import { readMigrations, type Migration } from '../migrate.ts'
import { connectionOptions } from './connection-options.ts'
import { listen, type Listening } from './listen.ts'
import { migrate } from './migrate.ts'
import { codeOf, fromPostgresError, isDisconnected, isOutdated } from './postgres-error.ts'
import { send, textOf, type Session } from './session.ts'
import { transact } from './transact.ts'

/** PostgreSQL. Beyond the contract it has what a driver on top of it needs; features use the contract. */
export interface PostgresDatabase extends Database {
  readonly dialect: 'postgres'
  /** One statement, outside any transaction. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Committed when it resolves. `work` may run more than once: see transact.ts. */
  transact<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Hears NOTIFY on a channel, over one connection for all who listen, which comes back by itself. */
  listen(channel: string, listening: Listening): () => void
}

export interface OpenPostgresOptions {
  readonly url: string
  readonly statements: Statements
  /** @default the files of schema/postgres */
  readonly migrations?: readonly Migration[]
  /** Connections at once. @default 10 */
  readonly maxConnections?: number
  /** How long to wait for a server that is not up yet. @default 15 s */
  readonly startPatienceMs?: number
}

export const postgresMigrations = (): Migration[] =>
  readMigrations(new URL('../schema/postgres/', import.meta.url))

/**
 * Statements are few, prepared, and find their rows by index whatever the values: a plan made once serves them all, while
 * planning them for their values again and again took longer than running them. A plan is often made while the tables are
 * still empty, when reading them whole looks cheap, so that is ruled out; and looking at a row that is then not wanted is
 * made dear, so that a list finds its few jobs by their own index and not by passing over a million. Nothing here is worth
 * compiling.
 */
export const sessionSettings = `SET plan_cache_mode = force_generic_plan; SET jit = off;
  SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
  SET random_page_cost = 1; SET cpu_tuple_cost = 0.1`

/** Connects, brings the schema up to date, and refuses a database that a newer version wrote. */
export async function openPostgres(options: OpenPostgresOptions): Promise<PostgresDatabase> {
  const { url, statements, migrations = postgresMigrations() } = options
  const config = connectionOptions(url)
  await waitForServer(options.startPatienceMs ?? 15_000, () => migrate(url, migrations))
  const pool = new pg.Pool({
    ...config,
    pipeline: true,
    max: options.maxConnections ?? 10,
    // Not awaited: it travels before the first statement, which would fail with it.
    onConnect: (client) => void client.query(sessionSettings).catch(() => undefined),
  })
  // A connection that breaks while idle is replaced when it is needed; nobody has to hear of it.
  pool.on('error', () => undefined)
  const listeners = new Set<() => void>()

  const query = async <Row extends object>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> => {
    try {
      return await onAnyConnection(pool, async (client) => {
        const { rows } = await send(client, { text, values })
        return rows as unknown as readonly Row[]
      })
    } catch (error) {
      throw fromPostgresError(error)
    }
  }
  let closing: Promise<void> | undefined
  return {
    dialect: 'postgres',
    query,
    transact: (work) => transact(pool, statements, work),
    write: (writes: readonly Write[]) =>
      transact(pool, statements, (session) => session.write(writes)),
    read: async <Row extends object>(statement: string, params: readonly SqlValue[]) =>
      query<Row>(textOf(statements, statement), params),
    listen(channel, listening) {
      const stop = listen(config, channel, listening)
      listeners.add(stop)
      return () => {
        listeners.delete(stop)
        stop()
      }
    },
    close: () =>
      (closing ??= (async () => {
        for (const stop of listeners) stop()
        await pool.end()
      })()),
  }
}

/** One statement, repeated once when the pooled connection turned out to be dead: it was a read, or had no effect yet. */
async function onAnyConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect()
    const ignore = (): void => undefined
    client.on('error', ignore)
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      const outdated = isOutdated(error)
      if (isDisconnected(error) || outdated) broken = error as Error
      // The next connection may be as old; each that is leaves the pool.
      if (broken === undefined || (attempt >= 2 && !outdated)) throw error
    } finally {
      client.off('error', ignore)
      client.release(broken)
    }
  }
}

/** Services often start together: a database that is not there yet may be in a moment. */
async function waitForServer(patienceMs: number, work: () => Promise<void>): Promise<void> {
  const start = performance.now()
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (!isDisconnected(error)) throw notUsable(error)
      if (performance.now() - start > patienceMs)
        throw new LonghaulError(
          'unavailable',
          'The database of DATABASE_URL does not answer; is PostgreSQL running there?',
          { cause: error },
        )
    }
    await sleep(100 + Math.random() * 200)
  }
}

/** 28…: who we are is not accepted; 3D000: no such database; 42501: not allowed. */
function notUsable(error: unknown): unknown {
  const code = codeOf(error) ?? ''
  if (!code.startsWith('28') && code !== '3D000' && code !== '42501')
    return fromPostgresError(error)
  const said = error instanceof Error ? error.message : ''
  return new LonghaulError(
    'database-unusable',
    `PostgreSQL refuses the database of DATABASE_URL: ${said}.`,
    { cause: error },
  )
}
