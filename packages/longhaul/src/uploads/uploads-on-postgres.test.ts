/** The suites of uploads and ingests once more, on PostgreSQL. */
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../database/postgres/index.ts'
import { startTestPostgres, type TestPostgres } from '../testing/servers/postgres.ts'
import { useDatabase } from './uploads.fixture.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())

useDatabase(async (_, statements) =>
  openPostgres({ url: await server.createDatabase(), statements }),
)
await import('./uploads.test.ts')
await import('./ingest.test.ts')
await import('./append-upload.test.ts')
await import('./disk-room.test.ts')
