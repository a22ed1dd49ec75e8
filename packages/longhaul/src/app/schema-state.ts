import { existsSync } from 'node:fs'
import path from 'node:path'
import { openSqlite, pendingMigrations, type Migration } from '../database/index.ts'
import type { Config } from './config.ts'

export interface SchemaState {
  /** The file of the embedded database, or `the shared database`: a URL may hold a password. */
  readonly where: string
  readonly kind: 'sqlite' | 'postgres'
  /** False: nothing is there yet. */
  readonly exists: boolean
  /** What opening it with this version would apply. */
  readonly pending: readonly Pick<Migration, 'no' | 'name'>[]
}

/** Looks without changing anything. Throws 'database-unusable' on a schema that a newer version made. */
export async function schemaState(config: Config): Promise<SchemaState> {
  const { databaseUrl } = config
  const pending =
    databaseUrl === undefined
      ? pendingMigrations(fileOf(config))
      : await (await postgres()).pendingMigrations(databaseUrl)
  return {
    where: databaseUrl === undefined ? fileOf(config) : 'the shared database',
    kind: databaseUrl === undefined ? 'sqlite' : 'postgres',
    // The first migration makes every table: while it is missing, there is nothing.
    exists:
      databaseUrl === undefined ? existsSync(fileOf(config)) : pending.every(({ no }) => no !== 1),
    pending: pending.map(({ no, name }) => ({ no, name })),
  }
}

/** Applies what is missing, after a copy. Safe while others start: one does it, the others find it done. */
export async function upgradeSchema(config: Config): Promise<void> {
  const { databaseUrl } = config
  const database =
    databaseUrl === undefined
      ? await openSqlite({ path: fileOf(config), statements: {} })
      : await (await postgres()).openPostgres({ url: databaseUrl, statements: {} })
  await database.close()
}

const fileOf = ({ dataDir }: Config): string => path.join(dataDir, 'longhaul.db')
const postgres = () => import('../database/postgres/index.ts')
