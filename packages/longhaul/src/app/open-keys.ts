import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { openSqlite } from '../database/index.ts'
import { createKeys, keyStatements, type Keys } from '../keys/index.ts'
import { readConfig, type ConfigOptions } from './config.ts'

/** The keys of a data directory, whether or not a service runs on it. */
export async function openKeys(options?: ConfigOptions): Promise<Keys & AsyncDisposable> {
  const { dataDir } = readConfig(options)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const database = await openSqlite({
    path: path.join(dataDir, 'longhaul.db'),
    statements: keyStatements,
  })
  return Object.assign(createKeys(database), {
    [Symbol.asyncDispose]: () => database.close(),
  })
}
