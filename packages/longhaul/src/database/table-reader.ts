import type { DatabaseSync } from 'node:sqlite'
import type { SqlValue } from './database.ts'
import { sqliteModule } from './sqlite-module.ts'

/** One table, as plain rows in the order of `columns`. */
export interface TableRows {
  readonly name: string
  readonly columns: readonly string[]
  readonly count: number
  /** A few hundred rows at a time; each call starts from the beginning. */
  batches(): Iterable<readonly (readonly SqlValue[])[]>
}
export interface TableReader {
  /** Number of the newest migration. 0: the file is no database of longhaul. */
  readonly schema: number
  readonly tables: readonly TableRows[]
  /** `count('FROM job WHERE …')` */
  count(of: string, ...params: readonly SqlValue[]): number
  /** Ends the reading: whether anybody has written since it began. */
  wasWritten(): boolean
  close(): void
}

const batchRows = 500

/** All tables of an embedded database as they are at this moment, whoever writes meanwhile. Changes nothing. */
export function openTableReader(file: string): TableReader {
  const { DatabaseSync } = sqliteModule()
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    db.exec('BEGIN')
    const version = versionOf(db)
    const names = db
      .prepare(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
      )
      .all()
      .map((row) => row['name'] as string)
    const known = names.includes('migration')
    const newest = known && db.prepare('SELECT max(no) AS no FROM migration').get()
    return {
      schema: newest ? Number(newest['no'] ?? 0) : 0,
      tables: names.filter((name) => name !== 'migration').map((name) => tableRows(db, name)),
      count: (of, ...params) =>
        Number(db.prepare(`SELECT count(*) AS n ${of}`).get(...params)?.['n']),
      wasWritten() {
        // Only outside a transaction is it told what others did.
        if (db.isTransaction) db.exec('COMMIT')
        return versionOf(db) !== version
      },
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw error
  }
}

function versionOf(db: DatabaseSync): unknown {
  // The first read of a transaction is what its snapshot begins with.
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
  return db.prepare('PRAGMA data_version').get()?.['data_version']
}

function tableRows(db: DatabaseSync, name: string): TableRows {
  const columns = db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(name)
    .map((row) => row['name'] as string)
  const { count } = db.prepare(`SELECT count(*) AS count FROM "${name}"`).get() as { count: number }
  return {
    name,
    columns,
    count,
    *batches() {
      const select = db.prepare(
        `SELECT ${columns.map((one) => `"${one}"`).join(', ')} FROM "${name}"`,
      )
      select.setReturnArrays(true)
      let batch: (readonly SqlValue[])[] = []
      for (const row of select.iterate() as Iterable<unknown>) {
        batch.push(row as readonly SqlValue[])
        if (batch.length < batchRows) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
    },
  }
}
