import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isLonghaulError } from '../errors/index.ts'
import { onFaultPoint } from '../support/fault-point.ts'
import type { Migration } from './migrate.ts'
import { openSqlite, type SqliteDatabase } from './open-sqlite.ts'
import { sqliteModule, type DatabaseSync } from './sqlite-module.ts'

const migrations: Migration[] = [
  {
    no: 1,
    name: '0001-notes.sql',
    text: 'CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT UNIQUE)',
  },
]
const statements = {
  'note.add': { sqlite: 'INSERT INTO note (text) VALUES (?)' },
  'note.all': { sqlite: 'SELECT text FROM note ORDER BY id' },
  'note.rename': { sqlite: 'UPDATE note SET text = ? WHERE text = ?' },
}
const add = (text: string) => ({ statement: 'note.add', params: [text] })

let folder: string
const opened: SqliteDatabase[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-sqlite-'))
})
afterEach(async () => {
  onFaultPoint(undefined)
  for (const database of opened.splice(0)) await database.close()
  rmSync(folder, { recursive: true })
})
const open = async (more: { migrations?: Migration[] } = {}) => {
  const database = await openSqlite({
    path: path.join(folder, 'new/folder/test.db'),
    statements,
    migrations,
    ...more,
  })
  opened.push(database)
  return database
}
const texts = async (database: SqliteDatabase) =>
  (await database.read<{ text: string }>('note.all', [])).map((row) => row.text)

describe('openSqlite', () => {
  it('shows a write to the reader once its promise resolves, and to another process', async () => {
    const database = await open()
    await database.write([add('a'), add('b')])
    expect(await texts(database)).toEqual(['a', 'b'])
    expect(await texts(await open())).toEqual(['a', 'b'])
  })

  it('commits what is asked for in one turn as one transaction', async () => {
    const database = await open()
    let commits = 0
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') commits += 1
    })
    await Promise.all(Array.from({ length: 64 }, (_, i) => database.write([add(`n${i}`)])))
    expect(commits).toBe(1)
    expect(await texts(database)).toEqual(Array.from({ length: 64 }, (_, i) => `n${i}`))
  })

  it('undoes a failing piece of a group and nothing else', async () => {
    const database = await open()
    const results = await Promise.allSettled([
      database.write([add('a')]),
      database.write([add('b'), add('a')]),
      database.transact(() => Promise.resolve('asynchronous')),
      database.write([add('c')]),
    ])
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(await texts(database)).toEqual(['a', 'c'])
  })

  it('does a group that fails again, each piece by itself, and those that come later together', async () => {
    const database = await open()
    const wrong = () => database.write([add('x'), add('x')])
    const first = [database.write([add('a')]), wrong(), database.write([add('b')]), wrong()]
    await Promise.allSettled(first)
    const later = [database.write([add('c')]), wrong(), database.write([add('d')])]
    const ends = await Promise.allSettled([...first, ...later])
    expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ])
    expect(await texts(database)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('rolls back when another number of rows changed than expected', async () => {
    const database = await open()
    const rename = { statement: 'note.rename', params: ['x', 'nobody'], expectRows: 1 }
    await expect(database.write([add('a'), rename])).rejects.toSatisfy((error) =>
      isLonghaulError(error, 'write-conflict'),
    )
    expect(await texts(database)).toEqual([])
  })

  it('names the statement that nobody registered, and those that are', async () => {
    const database = await open()
    await expect(database.read('note.al', [])).rejects.toThrow(/'note\.al'.*note\.all/)
    await expect(database.write([{ statement: 'toString', params: [] }])).rejects.toThrow(
      /'toString'/,
    )
  })

  it('rejects, and leaves nothing, when the process fails before the commit', async () => {
    const database = await open()
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') throw new Error('injected')
    })
    await expect(database.write([add('a')])).rejects.toThrow('injected')
    onFaultPoint(undefined)
    expect(await texts(database)).toEqual([])
    await database.write([add('b')])
    expect(await texts(database)).toEqual(['b'])
  })

  it('names a full disk, and works again when there is room', async () => {
    const database = await open()
    const allow = (pages: number) =>
      database.transact((connection) => connection.get(`PRAGMA max_page_count = ${pages}`))
    await allow(1)
    const results = await Promise.allSettled([
      database.write([add('x'.repeat(100_000))]),
      database.transact(() => 'small'),
    ])
    expect(results[0]).toMatchObject({
      status: 'rejected',
      reason: { code: 'insufficient-storage' },
    })
    await allow(1_000_000)
    await database.write([add('a')])
    expect(await texts(database)).toEqual(['a'])
  })

  it('rejects and goes on when even the rollback fails', async () => {
    const database = await open()
    const { DatabaseSync } = sqliteModule()
    const execute = DatabaseSync.prototype.exec
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') throw new Error('no commit')
    })
    let refused = 0
    exec.mockImplementation(function (this: DatabaseSync, sql: string) {
      if (sql === 'ROLLBACK' && (refused += 1) === 1) throw new Error('no rollback')
      execute.call(this, sql)
    })
    await expect(database.write([add('a')])).rejects.toThrow('no commit')
    onFaultPoint(undefined)
    await database.write([add('b')])
    exec.mockRestore()
    expect(refused).toBe(2)
    expect(await texts(database)).toEqual(['b'])
  })

  it('waits for another writer without blocking the event loop', async () => {
    const database = await open()
    const { DatabaseSync } = sqliteModule()
    const other = new DatabaseSync(path.join(folder, 'new/folder/test.db'))
    other.exec('BEGIN IMMEDIATE')
    let written = false
    const write = database.write([add('a')]).then(() => (written = true))
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setTimeout(done, 2))
    expect(written).toBe(false)
    other.exec('COMMIT')
    await write
    other.close()
  })

  it('sees in its data version only what others commit', async () => {
    const database = await open()
    const before = database.dataVersion()
    await database.write([add('own')])
    expect(database.dataVersion()).toBe(before)
    await (await open()).write([add('other')])
    expect(database.dataVersion()).not.toBe(before)
  })

  it('refuses work after close, and commits what came before it', async () => {
    const database = await open()
    const write = database.write([add('a')])
    await database.close()
    await write
    await expect(database.write([add('b')])).rejects.toThrow('closed')
    expect(await texts(await open())).toEqual(['a'])
  })
})

describe('migrations', () => {
  const second = { no: 2, name: '0002-more.sql', text: 'CREATE TABLE more (id INTEGER)' }

  it('apply what is missing and nothing twice', async () => {
    await (await open()).write([add('kept')])
    await open({ migrations: [...migrations, second] })
    expect(await texts(await open({ migrations: [...migrations, second] }))).toEqual(['kept'])
  })

  it('refuse a database that a newer version wrote', async () => {
    await open({ migrations: [...migrations, second] })
    await expect(open()).rejects.toSatisfy((error) => isLonghaulError(error, 'database-unusable'))
  })

  it('leave nothing behind when one fails', async () => {
    const broken = { no: 2, name: '0002-broken.sql', text: 'CREATE TABLE half (id); NONSENSE' }
    await expect(open({ migrations: [...migrations, broken] })).rejects.toThrow('NONSENSE')
    await (await open()).write([add('a')])
  })

  it('are done once when several processes start at once', async () => {
    const index = new URL('./index.ts', import.meta.url).href
    const file = JSON.stringify(path.join(folder, 'shared.db'))
    const code = `const { openSqlite } = await import(${JSON.stringify(index)})
      const database = await openSqlite({ path: ${file}, statements: {} })
      console.log(database.reader.all('SELECT no FROM migration').length > 0)
      await database.close()`
    const starts = Array.from({ length: 6 }, async () => {
      const args = ['--conditions=longhaul-source', '--input-type=module', '-e', code]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      await once(child, 'close')
      return said.trim()
    })
    expect(await Promise.all(starts)).toEqual(Array.from({ length: 6 }, () => 'true'))
  })
})
