import { afterAll, beforeAll } from 'vitest'
import { startTestPostgres, type TestPostgres } from '../../testing/servers/postgres.ts'
import { engineConformance } from '../engine.conformance.ts'
import { testDatabases } from './open-for-test.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
const databases = testDatabases(() => server)
afterAll(async () => {
  await databases.close()
  await server.stop()
})

// Each step is a few round trips to the server; the embedded driver tries more of them.
engineConformance('postgres', databases.open, { histories: 25 })
