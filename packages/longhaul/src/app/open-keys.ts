import path from 'node:path'
import { openSqlite } from '../database/index.ts'
import { createKeys, keyStatements, type Keys } from '../keys/index.ts'
import { readConfig, type ConfigOptions } from './config.ts'
import { makeDataFolder } from './make-data-folder.ts'

/** The keys of a data directory or of a shared database, whether or not a service runs on it. */
export async function openKeys(options?: ConfigOptions): Promise<Keys & AsyncDisposable> {
  const { dataDir, databaseUrl } = readConfig(options)
  const database =
    databaseUrl === undefined ? await openEmbedded(dataDir) : await openShared(databaseUrl)
  return Object.assign(createKeys(database), {
    [Symbol.asyncDispose]: () => database.close(),
  })
}

async function openEmbedded(dataDir: string) {
  await makeDataFolder(dataDir)
  return openSqlite({ path: path.join(dataDir, 'longhaul.db'), statements: keyStatements })
}

async function openShared(url: string) {
  const { openPostgres } = await import('../database/postgres/index.ts')
  return openPostgres({ url, statements: keyStatements })
}
