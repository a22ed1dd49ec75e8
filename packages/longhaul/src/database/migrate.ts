import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { LonghaulError } from '../errors/index.ts'
import { beginImmediate } from './begin-immediate.ts'

export interface Migration {
  readonly no: number
  readonly name: string
  readonly text: string
}

/** The numbered .sql files of a folder, in order. The build copies them beside the compiled code. */
export function readMigrations(folder = new URL('./schema/sqlite/', import.meta.url)): Migration[] {
  const path = fileURLToPath(folder)
  return readdirSync(path)
    .flatMap((name) => {
      const no = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]
      return no === undefined ? [] : [{ no: Number(no), name }]
    })
    .sort((a, b) => a.no - b.no)
    .map(({ no, name }) => ({ no, name, text: readFileSync(new URL(name, folder), 'utf8') }))
}

/**
 * Applies what is missing, all of it or nothing. Two processes may start at once: the second waits for the write lock
 * and then finds the work done. Where nothing is missing no lock is needed, however busy the database is.
 */
export async function migrate(db: DatabaseSync, migrations: readonly Migration[]): Promise<void> {
  if (missingOf(db, migrations).length === 0) return
  await beginImmediate(db)
  try {
    db.exec(
      'CREATE TABLE IF NOT EXISTS migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    )
    for (const { no, name, text } of missingOf(db, migrations)) {
      db.exec(text)
      db.prepare("INSERT INTO migration VALUES (?, ?, unixepoch('subsec') * 1000)").run(no, name)
    }
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function missingOf(db: DatabaseSync, migrations: readonly Migration[]): readonly Migration[] {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").get()
  if (table === undefined) return migrations
  const rows = db.prepare('SELECT no FROM migration').all() as unknown as { no: number }[]
  const applied = new Set(rows.map((row) => row.no))
  const known = Math.max(0, ...migrations.map((migration) => migration.no))
  const newest = Math.max(0, ...applied)
  if (newest > known)
    throw new LonghaulError(
      'database-unusable',
      `The database has schema ${newest}, this version of longhaul knows ${known} at most; start a newer version.`,
    )
  return migrations.filter((migration) => !applied.has(migration.no))
}
