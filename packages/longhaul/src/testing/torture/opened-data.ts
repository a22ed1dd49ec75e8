import path from 'node:path'
import { readConfig, type Config } from '../../app/config.ts'
import { openSqlite, type SqliteDatabase } from '../../database/index.ts'
import type { JobEngine } from '../../jobs/engine.ts'
import { sqliteEngine } from '../../jobs/sqlite/index.ts'
import { localStorage } from '../../storage/local/index.ts'
import type { Storage } from '../../storage/object-store.ts'
import { createUploads, uploadStatements } from '../../uploads/index.ts'
import type { Uploads } from '../../uploads/uploads.ts'

/** A data directory whose service has stopped, with nothing bad in between. */
export interface OpenedData extends AsyncDisposable {
  readonly config: Config
  readonly engine: JobEngine
  readonly storage: Storage
  readonly uploads: Uploads
}

export async function openData(dataDir: string, leaseMs: number): Promise<OpenedData> {
  const config = readConfig({ dataDir, leaseMs }, {})
  const database: SqliteDatabase = await openSqlite({
    path: path.join(dataDir, 'longhaul.db'),
    statements: uploadStatements,
  })
  const storage = await localStorage({
    root: path.join(dataDir, 'objects'),
    bucket: config.bucket,
    secretFile: path.join(dataDir, 'secret'),
  })
  return {
    config,
    engine: sqliteEngine(database, { leaseMs }),
    storage,
    uploads: createUploads({ database, storage, config }),
    [Symbol.asyncDispose]: () => database.close(),
  }
}
