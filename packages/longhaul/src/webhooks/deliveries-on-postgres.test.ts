/** The suite of deliveries once more, on PostgreSQL. */
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../database/postgres/index.ts'
import { postgresEngine } from '../jobs/postgres/index.ts'
import { startTestPostgres, type TestPostgres } from '../testing/servers/postgres.ts'
import { callbackStatements } from './callback-statements.ts'
import { useBackend } from './callbacks.fixture.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())

useBackend(async () => {
  const url = await server.createDatabase()
  const database = await openPostgres({ url, statements: callbackStatements })
  return { database, engine: postgresEngine(database), stop: () => database.close() }
})
await import('./deliveries.test.ts')
