import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/database/postgres/index.ts'
import { postgresMigrations } from '../../src/database/postgres/open-postgres.ts'
import { postgresEngine } from '../../src/jobs/postgres/index.ts'
import { keyStatements } from '../../src/keys/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/servers/postgres.ts'
import { uploadStatements } from '../../src/uploads/index.ts'
import { expectEverythingReadable, expectServiceEndsItsWork } from './expectations.ts'
import { layOldObjects, oldSql } from './old-data.ts'
import { openAtOnce } from './open-at-once.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
}, 120_000)
afterAll(() => server?.stop())

let url: string
let dataDir: string
beforeEach(async () => {
  url = await server.createDatabase()
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-upgrade-'))
  await query(await oldSql('postgres'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** Leaves no connection behind: the server copies only a database that nobody uses. */
async function query(text: string, database = url): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
const statements = { ...uploadStatements, ...keyStatements }
const open = () => openPostgres({ url, statements })

describe('a PostgreSQL database with the first schema', () => {
  it('is read as it was left, to the last event', async () => {
    const database = await open()
    await expectEverythingReadable(postgresEngine(database, {}), database).finally(() =>
      database.close(),
    )
  })

  it('goes on where it stopped', async () => {
    await layOldObjects(dataDir)
    await expectServiceEndsItsWork({ dataDir, databaseUrl: url })
  })

  it('is copied by the server before its schema changes', async () => {
    await (await open()).close()
    const copy = `${url}_schema_0003`
    expect(await query('SELECT max(no) AS no FROM migration', copy)).toEqual([{ no: 3 }])
    expect(await query('SELECT count(*)::int AS n FROM job', copy)).toEqual([{ n: 15 }])
  })

  it('is copied table by table where others are connected, in the same transaction', async () => {
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    try {
      await (await open()).close()
      const rows = await query('SELECT count(*)::int AS n FROM public_schema_0003.job')
      expect(rows).toEqual([{ n: 15 }])
      expect(await query('SELECT max(no) AS no FROM public_schema_0003.migration')).toEqual([
        { no: 3 },
      ])
    } finally {
      await other.end()
    }
  })

  it('is upgraded once by processes that open it at the same moment', async () => {
    expect(await openAtOnce(url, 4)).toEqual(['', '', '', ''])
    const applied = await query('SELECT no FROM migration ORDER BY no')
    expect(applied.map(({ no }) => no)).toEqual(postgresMigrations().map(({ no }) => no))
    const database = await open()
    await expectEverythingReadable(postgresEngine(database, {}), database).finally(() =>
      database.close(),
    )
  })

  it('is refused by a version that is older than its schema, with what to do', async () => {
    await (await open()).close()
    const next = Math.max(...postgresMigrations().map(({ no }) => no)) + 1
    await query(`INSERT INTO migration VALUES (${next}, 'later', 0)`)
    await expect(open()).rejects.toMatchObject({
      code: 'database-unusable',
      message: expect.stringMatching(new RegExp(`schema ${next}.*newer`)),
    })
  })
})
