import path from 'node:path'
import {
  openSqlite,
  pendingMigrations,
  type Database,
  type SqliteDatabase,
} from '../database/index.ts'
import { LonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { sqliteEngine } from '../jobs/sqlite/index.ts'
import { keyStatements } from '../keys/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { uploadStatements } from '../uploads/index.ts'
import { readConfig, type Config, type ConfigOptions, type Environment } from './config.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { openBackends } from './open-backends.ts'

/** What an operator's tool works on: rows and bytes, without a service, whether or not one runs on them. */
export interface Instance extends AsyncDisposable {
  readonly config: Config
  readonly database: Database
  readonly engine: JobEngine
  readonly storage: Storage
  /** The embedded database, where it is one. */
  readonly embedded: SqliteDatabase | undefined
}

/**
 * Opens without changing the schema: a tool must not upgrade under a service that runs ('database-unusable'). With `create`
 * a data directory may be new, and is brought up to date; `local` looks at no server that the environment names.
 */
export async function openInstance(
  options: ConfigOptions = {},
  { create = false, local = false }: { readonly create?: boolean; readonly local?: boolean } = {},
): Promise<Instance> {
  const config = readConfig(options, local ? withoutServers(process.env) : process.env)
  if (!create && config.databaseUrl === undefined) refuseStale(config)
  await makeDataFolder(config.dataDir)
  const statements = { ...uploadStatements, ...keyStatements }
  const { database, engine, storage } = await openBackends(config, statements, undefined)
  return {
    config,
    database,
    engine,
    storage,
    embedded: 'backup' in database ? (database as SqliteDatabase) : undefined,
    [Symbol.asyncDispose]: () => database.close(),
  }
}

const withoutServers = (env: Environment): Environment => ({
  ...env,
  DATABASE_URL: undefined,
  S3_ENDPOINT_URL: undefined,
  MINIO_ENDPOINT_URL: undefined,
})

/** The engine over one database file, such as a copy that is to be looked at. */
export async function openEngine(
  file: string,
): Promise<{ readonly engine: JobEngine } & AsyncDisposable> {
  const database = await openSqlite({ path: file, statements: {} })
  return { engine: sqliteEngine(database), [Symbol.asyncDispose]: () => database.close() }
}

function refuseStale({ dataDir }: Config): void {
  const file = path.join(dataDir, 'longhaul.db')
  const pending = pendingMigrations(file)
  if (pending.length === 0) return
  const [first] = pending
  throw new LonghaulError(
    'database-unusable',
    first?.no === 1
      ? `There is no longhaul data in ${dataDir}; name it with --data or LONGHAUL_DATA.`
      : `The database in ${dataDir} is older than this longhaul (${pending.length} ${pending.length === 1 ? 'migration' : 'migrations'} behind); longhaul db upgrade brings it up to date.`,
  )
}
