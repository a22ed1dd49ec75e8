import path from 'node:path'
import { sqliteModule } from '../../database/sqlite-module.ts'

/** The time of a session goes by for whatever is not complete. The service must not run. */
export function letTimePass(dataDir: string): void {
  const { DatabaseSync } = sqliteModule()
  const database = new DatabaseSync(path.join(dataDir, 'longhaul.db'))
  try {
    // Only just: a session long over would be forgotten before the store is asked what else it has open.
    database
      .prepare("UPDATE upload SET expires_at = ? WHERE state = 'open'")
      .run(Date.now() - 60_000)
  } finally {
    database.close()
  }
}
