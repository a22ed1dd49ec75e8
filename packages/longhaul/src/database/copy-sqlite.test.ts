import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pendingMigrations, type Migration } from './migrate.ts'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'

const first: Migration = { no: 1, name: '0001-notes.sql', text: 'CREATE TABLE note (n INTEGER)' }
const second: Migration = { no: 2, name: '0002-more.sql', text: 'ALTER TABLE note ADD COLUMN m' }
const third: Migration = { no: 3, name: '0003-more.sql', text: 'CREATE TABLE more (n INTEGER)' }
const statements = {
  add: { sqlite: 'INSERT INTO note (n) VALUES (?)' },
  count: { sqlite: 'SELECT count(*) AS n, coalesce(max(n), 0) AS newest FROM note' },
}

let folder: string
let file: string
const opened: SqliteDatabase[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-copy-'))
  file = path.join(folder, 'x.db')
})
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
  rmSync(folder, { recursive: true })
})
async function open(name: string, migrations: Migration[]) {
  const database = await openSqlite({ path: path.join(folder, name), statements, migrations })
  opened.push(database)
  return database
}
const rowsOf = async (database: SqliteDatabase) =>
  (await database.read<{ n: number; newest: number }>('count', []))[0]
const copies = () => readdirSync(folder).filter((name) => name.startsWith('x.db.schema-'))

describe('a copy of a database in use', () => {
  it('holds a moment of it, whole, while others go on writing', async () => {
    const database = await open('x.db', [first])
    const another = await open('x.db', [first])
    for (let n = 1; n <= 50; n += 1) await database.write([{ statement: 'add', params: [n] }])
    let written = 50
    let done = false
    const writing = (async () => {
      while (!done)
        await (written % 2 === 0 ? another : database).write([
          { statement: 'add', params: [(written += 1)] },
        ])
    })()
    for (const name of ['one.db', 'two.db', 'two.db'])
      await database.backup(path.join(folder, name))
    done = true
    await writing
    for (const name of ['one.db', 'two.db']) {
      const rows = await rowsOf(await open(name, [first]))
      // In order without a gap: a row of a later moment without those before it would show.
      expect(rows?.n).toBe(rows?.newest)
      expect(rows?.n).toBeGreaterThanOrEqual(50)
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
  })

  it('that cannot be written leaves nothing behind', async () => {
    const database = await open('x.db', [first])
    await expect(database.backup(path.join(folder, 'no/such/folder.db'))).rejects.toThrow()
    await database.write([{ statement: 'add', params: [1] }])
  })
})

describe('a migration of a database with a schema', () => {
  it('copies it first, and keeps the newest copy only', async () => {
    const before = await open('x.db', [first])
    await before.write([{ statement: 'add', params: [7] }])
    expect(copies()).toEqual([])
    await open('x.db', [first])
    expect(copies()).toEqual([])
    writeFileSync(`${file}.schema-of-mine`, 'not a copy')
    await open('x.db', [first, second])
    expect(copies()).toEqual([
      expect.stringMatching(/^x\.db\.schema-1\.\d{8}T\d{6}Z$/),
      'x.db.schema-of-mine',
    ])
    const copy = await open(copies()[0] ?? '', [first])
    expect(await rowsOf(copy)).toEqual({ n: 1, newest: 7 })
    await copy.close()
    await open('x.db', [first, second, third])
    expect(copies().toSorted()).toEqual([
      expect.stringContaining('schema-2.'),
      'x.db.schema-of-mine',
    ])
  })

  it('can be asked for without being done', async () => {
    expect(pendingMigrations(file, [first])).toEqual([first])
    expect(readdirSync(folder)).toEqual([])
    await open('x.db', [first])
    expect(pendingMigrations(file, [first, second])).toEqual([second])
    expect(pendingMigrations(file, [first])).toEqual([])
    await open('x.db', [first, second])
    expect(() => pendingMigrations(file, [first])).toThrow('start a newer version')
  })
})
