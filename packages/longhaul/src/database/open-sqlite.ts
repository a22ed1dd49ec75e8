import { mkdir } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../errors/index.ts'
import { Connection } from './connection.ts'
import { copySqlite } from './copy-sqlite.ts'
import type { Database, SqlValue, Statements, Write } from './database.ts'
import { DiskReserve } from './disk-reserve.ts'
import { GroupCommit } from './group-commit.ts'
import { migrate, readMigrations, type Migration } from './migrate.ts'
import { networkFileSystemOf } from './network-file-system.ts'
import { isBusy } from './sqlite-error.ts'
import { sqliteModule } from './sqlite-module.ts'

/** The embedded database. Beyond the contract it has what a driver on top of it needs; features use the contract. */
export interface SqliteDatabase extends Database {
  readonly dialect: 'sqlite'
  /** Sees committed rows only. */
  readonly reader: Connection
  /**
   * Runs synchronous work in the next group commit; durable when it resolves. A throw undoes it and nothing else, for which
   * other work of the group is done again: it must have no effects outside the database.
   */
  transact<T>(work: (connection: Connection) => T): Promise<T>
  /** Changes when anyone but this object has committed. */
  dataVersion(): number
  /** The disk was full, and there is no room yet for the reserve: only what must go on should be written. */
  isShortOfDisk(): boolean
  /** A consistent copy, made while others write. The file appears when it is whole; one of that name is replaced. */
  backup(to: string): Promise<void>
}

export interface OpenSqliteOptions {
  readonly path: string
  readonly statements: Statements
  /** @default the files of schema/sqlite */
  readonly migrations?: readonly Migration[]
  /** Size of a file kept beside the database, given up when the disk is full. @default none */
  readonly reserveBytes?: number
}

/** Opens or creates a database file, brings its schema up to date, and refuses one that it could damage. */
export async function openSqlite(options: OpenSqliteOptions): Promise<SqliteDatabase> {
  const folder = path.dirname(path.resolve(options.path))
  await mkdir(folder, { recursive: true })
  const network = await networkFileSystemOf(folder)
  if (network !== undefined)
    throw new LonghaulError(
      'database-unusable',
      `The data directory lies on a network file system (${network}), where SQLite loses data; choose a local disk, or set DATABASE_URL.`,
    )
  const { DatabaseSync } = sqliteModule()
  const writer = new DatabaseSync(options.path, { timeout: 10_000 })
  try {
    await useWal(writer)
    // FULL: an acknowledged job outlives a power cut. Group commit pays for it (engine.md §6 has the figures).
    writer.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    writer.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16000')
    // A full disk must not keep a statement from undoing itself.
    writer.exec('PRAGMA temp_store = MEMORY')
    await migrate(writer, options.path, options.migrations ?? readMigrations())
    // While opening, another process may be closing, which takes the file alone. From here on we wait awake.
    writer.exec('PRAGMA busy_timeout = 0')
  } catch (error) {
    writer.close()
    throw error
  }
  const reader = new DatabaseSync(options.path, { readOnly: true, timeout: 10_000 })
  const reserve =
    options.reserveBytes === undefined ? undefined : new DiskReserve(folder, options.reserveBytes)
  void reserve?.fill()
  return sqliteDatabase(options, writer, reader, reserve)
}

function sqliteDatabase(
  { path: file, statements }: OpenSqliteOptions,
  writer: DatabaseSync,
  reader: DatabaseSync,
  reserve: DiskReserve | undefined,
): SqliteDatabase {
  const write = new Connection(writer, statements)
  const read = new Connection(reader, statements)
  const group = new GroupCommit(writer, write, reserve)
  let closing: Promise<void> | undefined
  return {
    dialect: 'sqlite',
    reader: read,
    transact: (work) => group.run(work),
    write: (writes: readonly Write[]) => group.run((connection) => connection.write(writes)),
    async read<Row extends object>(statement: string, params: readonly SqlValue[]) {
      return read.all<Row>(read.textOf(statement), ...params)
    },
    dataVersion: () =>
      write.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0,
    isShortOfDisk() {
      if (reserve?.isSpent === true) void reserve.fill()
      return reserve?.isSpent ?? false
    },
    backup: (to) => copySqlite(file, to),
    close: () =>
      (closing ??= group.close().then(async () => {
        await reserve?.close()
        reader.close()
        writer.close()
      })),
  }
}

/** Turning WAL on needs the file alone for a moment, and SQLite does not wait for it when two processes try at once. */
async function useWal(db: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || attempt === 200) throw error
    }
    await sleep(10 + Math.random() * 40)
  }
}
