import path from 'node:path'
import { sqliteModule } from '../../database/sqlite-module.ts'

/** A week goes by for whatever is not complete. The service must not run. */
export function letTimePass(dataDir: string): void {
  const { DatabaseSync } = sqliteModule()
  const database = new DatabaseSync(path.join(dataDir, 'longhaul.db'))
  try {
    database.exec("UPDATE upload SET expires_at = 0 WHERE state = 'open'")
  } finally {
    database.close()
  }
}
