import type { TestProject } from 'vitest/node'
import { startTestPostgres } from '../../src/testing/servers/postgres.ts'
import { startTestSwift } from '../../src/testing/servers/swift.ts'

/** One PostgreSQL and, where it is installed, one S3 server for all files of the project. */
export default async function startCluster(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres()
  const swift = await startTestSwift()
  if (swift === undefined)
    console.warn('No S3 server is installed: these tests run on PostgreSQL and the local store.')
  project.provide('cluster', {
    databaseUrl: postgres.url,
    ...(swift ? { s3: swift.s3 } : {}),
  })
  return async () => {
    await swift?.stop()
    await postgres.stop()
  }
}
