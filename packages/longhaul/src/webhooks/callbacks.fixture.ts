import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Database } from '../database/database.ts'
import { openSqlite } from '../database/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { sqliteEngine } from '../jobs/sqlite/index.ts'
import { callbackStatements } from './callback-statements.ts'

export interface CallbacksUnderTest {
  readonly database: Database
  readonly engine: JobEngine
  stop(): Promise<void>
}

let open = async (): Promise<CallbacksUnderTest> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-callbacks-'))
  const file = path.join(folder, 'longhaul.db')
  const database = await openSqlite({ path: file, statements: callbackStatements })
  const stop = async (): Promise<void> => {
    await database.close()
    await rm(folder, { recursive: true })
  }
  return { database, engine: sqliteEngine(database), stop }
}

export const openCallbacks = (): Promise<CallbacksUnderTest> => open()

/** The tests that use this fixture then run on another database. */
export const useBackend = (other: typeof open): void => void (open = other)
