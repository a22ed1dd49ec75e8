import path from 'node:path'
import type { Database, Statements } from '../database/database.ts'
import { openSqlite } from '../database/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { sqliteEngine, type SqliteEngineOptions } from '../jobs/sqlite/index.ts'
import { reserveBytes } from '../storage/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { localStorage } from '../storage/local/index.ts'
import type { Config } from './config.ts'

/** Where rows and bytes are kept; features see only the contracts. */
export interface Backends {
  readonly database: Database
  readonly engine: JobEngine
  readonly storage: Storage
  /** Whether other hosts can work on the same jobs. */
  readonly shared: boolean
}

/**
 * The embedded database and the local store, or PostgreSQL where `databaseUrl` is set and S3 where `s3` is. The drivers of
 * the latter are loaded only then: idle memory counts.
 */
export async function openBackends(
  config: Config,
  statements: Statements,
  unsafe: SqliteEngineOptions['unsafe'],
): Promise<Backends> {
  const { leaseMs, retentionMs } = config
  const engineOptions = {
    leaseMs,
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(unsafe ? { unsafe } : {}),
  }
  const { database, engine } =
    config.databaseUrl === undefined
      ? await embedded(config, statements, engineOptions)
      : await onPostgres(config.databaseUrl, statements, engineOptions)
  try {
    const storage = await openStorage(config)
    return { database, engine, storage, shared: config.databaseUrl !== undefined }
  } catch (error) {
    await database.close()
    throw error
  }
}

export async function openStorage(config: Config): Promise<Storage> {
  if (config.s3 !== undefined) {
    const { s3Storage } = await import('../storage/s3/index.ts')
    return s3Storage({ ...config.s3, bucket: config.bucket })
  }
  return localStorage({
    root: path.join(config.dataDir, 'objects'),
    bucket: config.bucket,
    secretFile: path.join(config.dataDir, 'secret'),
  })
}

async function embedded(config: Config, statements: Statements, options: SqliteEngineOptions) {
  const file = path.join(config.dataDir, 'longhaul.db')
  const database = await openSqlite({ path: file, statements, reserveBytes })
  return { database, engine: sqliteEngine(database, options) }
}

async function onPostgres(url: string, statements: Statements, options: SqliteEngineOptions) {
  const [{ openPostgres }, { postgresEngine }] = await Promise.all([
    import('../database/postgres/index.ts'),
    import('../jobs/postgres/index.ts'),
  ])
  const database = await openPostgres({ url, statements })
  return { database, engine: postgresEngine(database, options) }
}
