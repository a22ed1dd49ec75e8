import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite, readMigrations } from '../../src/database/index.ts'
import { sqliteEngine } from '../../src/jobs/sqlite/index.ts'
import { keyStatements } from '../../src/keys/index.ts'
import { uploadStatements } from '../../src/uploads/index.ts'
import { expectEverythingReadable, expectServiceEndsItsWork } from './expectations.ts'
import { layOldData, oldSql } from './old-data.ts'
import { openAtOnce } from './open-at-once.ts'

let dataDir: string
let file: string
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-upgrade-'))
  file = await layOldData(dataDir)
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const statements = { ...uploadStatements, ...keyStatements }
const open = () => openSqlite({ path: file, statements })
const schemaOf = (): number => {
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare('SELECT max(no) AS no FROM migration').get()
  db.close()
  return Number(row?.['no'])
}

describe('a data directory of the first version', () => {
  it('is read as it was left, to the last event', async () => {
    const database = await open()
    try {
      await expectEverythingReadable(sqliteEngine(database), database)
    } finally {
      await database.close()
    }
  })

  it('goes on where it stopped', async () => {
    await expectServiceEndsItsWork({ dataDir })
  })

  it('is copied before its schema changes, so that the old version can have it back', async () => {
    await (await open()).close()
    const copies = (await readdir(dataDir)).filter((name) => name.includes('.schema-3.'))
    expect(copies).toHaveLength(1)
    const copy = new DatabaseSync(path.join(dataDir, copies[0] ?? ''), { readOnly: true })
    expect(copy.prepare('SELECT max(no) AS no FROM migration').get()).toEqual({ no: 3 })
    expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    // All that was there, to the row.
    const before = new DatabaseSync(':memory:')
    before.exec(await oldSql('sqlite'))
    for (const table of ['job', 'job_event', 'attempt', 'lane', 'upload', 'api_key']) {
      const all = `SELECT * FROM ${table} ORDER BY 1, 2, 3`
      expect(copy.prepare(all).all(), table).toEqual(before.prepare(all).all())
    }
    copy.close()
  })

  it('is upgraded once by processes that open it at the same moment', async () => {
    expect(await openAtOnce(file, 4)).toEqual(['', '', '', ''])
    const db = new DatabaseSync(file, { readOnly: true })
    const applied = db.prepare('SELECT no FROM migration ORDER BY no').all()
    expect(applied.map(({ no }) => no)).toEqual(readMigrations().map(({ no }) => no))
    expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([])
    db.close()
    const database = await open()
    await expectEverythingReadable(sqliteEngine(database), database).finally(() => database.close())
  })

  it('is refused by a version that is older than its schema, with what to do', async () => {
    await (await open()).close()
    const db = new DatabaseSync(file)
    const next = schemaOf() + 1
    db.prepare('INSERT INTO migration (no, name, applied_at) VALUES (?, ?, 0)').run(next, 'later')
    db.close()
    await expect(open()).rejects.toMatchObject({
      code: 'database-unusable',
      message: expect.stringMatching(new RegExp(`schema ${next}.*(newer|restore)`)),
    })
    expect(schemaOf()).toBe(next)
  })
})
