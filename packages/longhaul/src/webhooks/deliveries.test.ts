import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { openSqlite } from '../database/index.ts'
import { openPostgres } from '../database/postgres/index.ts'
import { postgresEngine } from '../jobs/postgres/index.ts'
import { sqliteEngine } from '../jobs/sqlite/index.ts'
import { startTestPostgres, type TestPostgres } from '../testing/servers/postgres.ts'
import { callbackStatements as statements } from './callback-statements.ts'
import { deliveriesSuite } from './deliveries-suite.fixture.ts'

deliveriesSuite('SQLite', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-callbacks-'))
  const database = await openSqlite({ path: path.join(folder, 'longhaul.db'), statements })
  const stop = async (): Promise<void> => {
    await database.close()
    await rm(folder, { recursive: true })
  }
  return { database, engine: sqliteEngine(database), stop }
})

describe('with a server', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startTestPostgres()
  })
  afterAll(() => server.stop())

  deliveriesSuite('PostgreSQL', async () => {
    const database = await openPostgres({ url: await server.createDatabase(), statements })
    return { database, engine: postgresEngine(database), stop: () => database.close() }
  })
})
