import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { LonghaulError } from '../errors/index.ts'
import { beginImmediate } from './begin-immediate.ts'
import { copyBeforeMigration } from './copy-before-migration.ts'
import { sqliteModule } from './sqlite-module.ts'

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
 * Applies what is missing, all of it or nothing, after a copy of what is there. Two processes may start at once: the
 * second waits for the write lock and then finds the work done. Where nothing is missing no lock is needed, however busy
 * the database is.
 */
export async function migrate(
  db: DatabaseSync,
  file: string,
  migrations: readonly Migration[],
): Promise<void> {
  if (missingOf(db, migrations).missing.length === 0) return
  await beginImmediate(db)
  try {
    const { applied, missing } = missingOf(db, migrations)
    // We hold the write lock, so nobody changes what is copied, and nobody else copies.
    if (applied > 0 && missing.length > 0) await copyBeforeMigration(file, applied)
    db.exec(
      'CREATE TABLE IF NOT EXISTS migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    )
    for (const { no, name, text } of missing) {
      db.exec(text)
      db.prepare("INSERT INTO migration VALUES (?, ?, unixepoch('subsec') * 1000)").run(no, name)
    }
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** What opening this file would change: nothing is done, and a file that is not there is not made. */
export function pendingMigrations(
  file: string,
  migrations: readonly Migration[] = readMigrations(),
): readonly Migration[] {
  if (!existsSync(file)) return migrations
  const db = new (sqliteModule().DatabaseSync)(file, { readOnly: true, timeout: 10_000 })
  try {
    return missingOf(db, migrations).missing
  } finally {
    db.close()
  }
}

function missingOf(db: DatabaseSync, migrations: readonly Migration[]) {
  const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").get()
  const rows =
    table === undefined
      ? []
      : (db.prepare('SELECT no FROM migration').all() as unknown as { no: number }[])
  const done = new Set(rows.map((row) => row.no))
  const known = Math.max(0, ...migrations.map((migration) => migration.no))
  const applied = Math.max(0, ...done)
  if (applied > known)
    throw new LonghaulError(
      'database-unusable',
      `The database has schema ${applied}, this version of longhaul knows ${known} at most; start a newer version.`,
    )
  return { applied, missing: migrations.filter((migration) => !done.has(migration.no)) }
}
