import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isLonghaulError } from '../../errors/index.ts'
import { onFaultPoint } from '../../support/fault-point.ts'
import { startTestPostgres, type TestPostgres } from '../../testing/servers/postgres.ts'
import type { Migration } from '../migrate.ts'
import { openPostgres, pendingMigrations, type PostgresDatabase } from './index.ts'

const migrations: Migration[] = [
  {
    no: 1,
    name: '0001-notes.sql',
    text: 'CREATE TABLE note (id bigint GENERATED ALWAYS AS IDENTITY, text text UNIQUE)',
  },
]
const statements = {
  'note.add': { sqlite: '', postgres: 'INSERT INTO note (text) VALUES ($1)' },
  'note.all': { sqlite: '', postgres: 'SELECT id, text FROM note ORDER BY id' },
  'note.rename': { sqlite: '', postgres: 'UPDATE note SET text = $1 WHERE text = $2' },
  'note.only-sqlite': { sqlite: 'SELECT 1' },
}
const add = (text: string) => ({ statement: 'note.add', params: [text] })

let server: TestPostgres
let url: string
const opened: PostgresDatabase[] = []
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())
beforeEach(async () => {
  url = await server.createDatabase()
})
afterEach(async () => {
  onFaultPoint(undefined)
  for (const database of opened.splice(0)) await database.close()
})
const open = async (more: { migrations?: Migration[]; url?: string } = {}) => {
  const database = await openPostgres({ url, statements, migrations, ...more })
  opened.push(database)
  return database
}
const texts = async (database: PostgresDatabase) =>
  (await database.read<{ text: string }>('note.all', [])).map((row) => row.text)
const refused =
  (code: 'unavailable' | 'write-conflict' | 'database-unusable') => (error: unknown) =>
    isLonghaulError(error, code)

describe('openPostgres', () => {
  it('shows a write once its promise resolves, numbers as numbers', async () => {
    const database = await open()
    await database.write([add('a'), add('b')])
    expect(await database.read('note.all', [])).toEqual([
      { id: 1, text: 'a' },
      { id: 2, text: 'b' },
    ])
    expect(await texts(await open())).toEqual(['a', 'b'])
  })

  it('writes all of an array or nothing', async () => {
    const database = await open()
    await database.write([add('a')])
    await expect(database.write([add('b'), add('a')])).rejects.toThrow('duplicate key')
    const rename = { statement: 'note.rename', params: ['x', 'nobody'], expectRows: 1 }
    await expect(database.write([add('c'), rename])).rejects.toSatisfy(refused('write-conflict'))
    expect(await texts(database)).toEqual(['a'])
  })

  it('undoes work that throws, and work whose last statement fails', async () => {
    const database = await open()
    const insert = "INSERT INTO note (text) VALUES ('a')"
    await expect(
      database.transact(async (session) => {
        await session.run(insert)
        throw new Error('changed my mind')
      }),
    ).rejects.toThrow('changed my mind')
    await expect(
      database.transact(async (session) => {
        await session.finish([{ text: insert }, { text: 'SELECT 1 / 0' }])
      }),
    ).rejects.toThrow('division by zero')
    expect(await texts(database)).toEqual([])
  })

  it('rejects, and leaves nothing, when the process fails before the commit', async () => {
    const database = await open()
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') throw new Error('injected')
    })
    await expect(database.write([add('a')])).rejects.toThrow('injected')
    onFaultPoint(undefined)
    expect(await texts(database)).toEqual([])
  })

  it('does again what collided with another transaction', async () => {
    const database = await open()
    await database.write([add('a'), add('b')])
    const lockBoth = (first: string, second: string) =>
      database.transact(async (session) => {
        const lock = 'SELECT 1 FROM note WHERE text = $1 FOR UPDATE'
        await session.query(lock, [first])
        await session.query('SELECT pg_sleep(0.05)')
        await session.query(lock, [second])
        return first
      })
    // Each holds what the other wants: PostgreSQL ends one of them.
    expect(await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')])).toEqual(['a', 'b'])
  })

  it('names the statement that nobody registered for PostgreSQL', async () => {
    const database = await open()
    await expect(database.read('note.al', [])).rejects.toThrow(/'note\.al'.*note\.all/)
    await expect(database.read('note.only-sqlite', [])).rejects.toThrow('No PostgreSQL text')
    await expect(database.write([{ statement: 'toString', params: [] }])).rejects.toThrow(
      'toString',
    )
  })

  it('goes on after its connections were cut, and hears again', async () => {
    const database = await open()
    const heard: string[] = []
    let starts = 0
    database.listen('notes', {
      onMessage: (payload) => heard.push(payload),
      onStart: () => (starts += 1),
    })
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise((done) => setTimeout(done, 5))
    }
    await until(() => starts === 1)
    await database.query("SELECT pg_notify('notes', 'one')")
    await until(() => heard.includes('one'))
    const other = await open()
    await other.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    await database.write([add('a')])
    expect(await texts(database)).toEqual(['a'])
    await until(() => starts === 2)
    await other.query("SELECT pg_notify('notes', 'two')")
    await until(() => heard.includes('two'))
  })

  it('says that a read-only server is unavailable', async () => {
    const admin = await open()
    await admin.query(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
    )
    const database = await open()
    await expect(database.write([add('a')])).rejects.toSatisfy(refused('unavailable'))
    expect(await texts(database)).toEqual([])
  })

  it('refuses a database that is not there, and a server that is not there', async () => {
    const missing = url.replace(/\w+$/, 'nobody_made_it')
    await expect(open({ url: missing })).rejects.toSatisfy(refused('database-unusable'))
    const nobody = openPostgres({
      url: 'postgres://x:y@127.0.0.1:1/z',
      statements,
      startPatienceMs: 0,
    })
    await expect(nobody).rejects.toSatisfy(refused('unavailable'))
  })

  it('connects through a unix socket too', async () => {
    const database = await open()
    const [row] = await database.query<{ folder: string }>(
      "SELECT current_setting('unix_socket_directories') AS folder",
    )
    const { username, password, port, pathname } = new URL(url)
    const query = new URLSearchParams({ host: row?.folder ?? '', port })
    const socket = `postgres://${username}:${password}@${pathname}?${query}`
    await (await open({ url: socket })).write([add('a')])
    expect(await texts(database)).toEqual(['a'])
  })
})

describe('a server that restarts', () => {
  it('costs a moment, not an answer', async () => {
    const database = await open()
    await database.write([add('before')])
    const restarted = server.restart()
    const added: string[] = []
    for (let n = 0; added.length < 3; n += 1) {
      try {
        await database.write([add(`n${n}`)])
        added.push(`n${n}`)
      } catch (error) {
        expect(error).toSatisfy(refused('unavailable'))
      }
    }
    await restarted
    expect(await texts(database)).toEqual(expect.arrayContaining(['before', ...added]))
  })
})

describe('migrations', () => {
  const second = { no: 2, name: '0002-more.sql', text: 'CREATE TABLE more (id integer)' }
  const both = [...migrations, second]
  const databases = async (database: PostgresDatabase) =>
    (await database.query<{ name: string }>('SELECT datname AS name FROM pg_database')).map(
      (row) => row.name,
    )

  it('are listed without being done', async () => {
    expect(await pendingMigrations(url, both)).toEqual(both)
    await open()
    expect(await pendingMigrations(url, both)).toEqual([second])
    expect(await pendingMigrations(url, migrations)).toEqual([])
  })

  it('copy the database first where nobody is connected', async () => {
    const first = await open()
    await first.write([add('kept')])
    await first.close()
    const database = await open({ migrations: both })
    expect(await texts(database)).toEqual(['kept'])
    const copy = (await databases(database)).find((name) =>
      name.startsWith(`${new URL(url).pathname.slice(1)}_schema_0001`),
    )
    const copied = await open({ url: url.replace(/\w+$/, copy ?? 'none') })
    expect(await texts(copied)).toEqual(['kept'])
  })

  it('copy table by table where somebody is', async () => {
    const first = await open()
    await first.write([add('kept')])
    const database = await open({ migrations: both })
    const rows = await database.query('SELECT text FROM public_schema_0001.note')
    expect(rows).toEqual([{ text: 'kept' }])
  })

  it('refuse a database that a newer version wrote', async () => {
    await open({ migrations: both })
    await expect(open()).rejects.toSatisfy(refused('database-unusable'))
    await expect(pendingMigrations(url, migrations)).rejects.toThrow('newer version')
  })

  it('leave nothing behind when one fails', async () => {
    const broken = { no: 2, name: '0002-broken.sql', text: 'CREATE TABLE half (id int); NONSENSE' }
    await open()
    await expect(open({ migrations: [...migrations, broken] })).rejects.toThrow('NONSENSE')
    const database = await open({ migrations: both })
    expect(await database.query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }])
  })

  it('are done once when many start at once on an empty database', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => openPostgres({ url, statements: {} })),
    )
    opened.push(...all)
    const [row] = (await all[0]?.query<{ n: number }>('SELECT count(*) AS n FROM migration')) ?? []
    expect(row?.n).toBeGreaterThanOrEqual(3)
  })
})
