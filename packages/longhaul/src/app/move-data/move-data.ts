import path from 'node:path'
import { openTableReader, type TableReader, type TableRows } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import type { Storage } from '../../storage/object-store.ts'
import type { Config } from '../config.ts'
import { openStorage } from '../open-backends.ts'
import { changeRow } from './change-rows.ts'
import { checkSource } from './check-source.ts'
import { copyLogs } from './copy-logs.ts'
import { copyObjects, measureObjects, type CopiedObjects } from './copy-objects.ts'

export interface MoveOptions {
  /** Of the embedded instance; its `s3` is where objects go. Without it they stay where they are. */
  readonly config: Config
  readonly databaseUrl: string
  /** Only looks: nothing is changed anywhere. */
  readonly dryRun?: boolean
  /** Uploads that are not complete are given up. */
  readonly discardUploads?: boolean
  /** Reads every object back. */
  readonly verify?: boolean
  readonly progress?: (so: CopiedObjects) => void
}
export interface Moved {
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  /** Undefined: no S3 was configured. */
  readonly objects: CopiedObjects | undefined
  readonly discardedUploads: number
}

/**
 * Copies a stopped embedded instance to PostgreSQL and S3; the data directory stays as it is. Objects first, so that no row
 * ever names one that is not there; then all rows in one transaction. Throws 'data-in-use' where somebody still works on the
 * source, 'target-not-empty', 'database-unusable'.
 */
export async function moveData(options: MoveOptions): Promise<Moved> {
  const { config, databaseUrl, dryRun = false, discardUploads = false } = options
  const file = path.join(config.dataDir, 'longhaul.db')
  const reader = openReader(file)
  try {
    const { openUploads } = await checkSource(reader, file, config.bucket, discardUploads)
    await using target = await openTarget(databaseUrl, dryRun)
    const moved = { discardedUploads: openUploads }
    if (dryRun) {
      const tables = reader.tables.map(({ name, count: rows }) => ({ name, rows }))
      const from = config.s3 && (await openStorage({ ...config, s3: undefined }))
      return { ...moved, tables, objects: from && (await measureObjects(from)) }
    }
    const objects = await objectsOf(options, async (from, to) => {
      const { verify = false, progress = () => undefined } = options
      await copyLogs(config.dataDir, to)
      return copyObjects(from, to, { verify, progress })
    })
    const tables = await target.insert(reader.tables, () => {
      if (reader.wasWritten())
        throw new LonghaulError(
          'data-in-use',
          `Somebody wrote to ${file} meanwhile; nothing was kept. Stop what works on it, and copy again.`,
        )
    })
    await target.checkCounters(config)
    return { ...moved, tables, objects }
  } finally {
    reader.close()
  }
}

function openReader(file: string): TableReader {
  try {
    return openTableReader(file)
  } catch (cause) {
    throw new LonghaulError(
      'database-unusable',
      `${file} cannot be opened; --data names the data directory of the embedded instance.`,
      { cause },
    )
  }
}

async function objectsOf(
  { config }: MoveOptions,
  work: (from: Storage, to: Storage) => Promise<CopiedObjects>,
): Promise<CopiedObjects | undefined> {
  if (config.s3 === undefined) return undefined
  const from = await openStorage({ ...config, s3: undefined })
  return work(from, await openStorage(config))
}

interface Target extends AsyncDisposable {
  insert(tables: readonly TableRows[], confirm: () => void): Promise<Moved['tables']>
  checkCounters(config: Config): Promise<void>
}

/** An empty database that is longhaul's or will be. The driver is loaded here: nothing else on this side needs it. */
async function openTarget(url: string, dryRun: boolean): Promise<Target> {
  const postgres = await import('../../database/postgres/index.ts')
  const pending = await postgres.pendingMigrations(url)
  const fresh = pending.some(({ no }) => no === 1)
  if (dryRun && fresh)
    return {
      insert: () => Promise.resolve([]),
      checkCounters: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  const database = await postgres.openPostgres({ url, statements: {} })
  try {
    const used = await postgres.tablesInUse(database)
    if (used.length > 0)
      throw new LonghaulError(
        'target-not-empty',
        `The database to copy to is in use (${used.join(', ')}); copy to an empty one.`,
      )
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    insert: (tables, confirm) =>
      postgres.insertTables(database, tables, { change: changeRow, confirm }),
    async checkCounters(config: Config): Promise<void> {
      const { postgresEngine } = await import('../../jobs/postgres/index.ts')
      const drift = await postgresEngine(database, { leaseMs: config.leaseMs }).recount()
      if (drift.length > 0)
        throw new LonghaulError(
          'internal',
          `Counters of ${drift.length} lanes differ after the copy`,
        )
    },
    [Symbol.asyncDispose]: () => database.close(),
  }
}
