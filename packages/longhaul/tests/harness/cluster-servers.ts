import type { TestProject } from 'vitest/node'
import { startTestPostgres } from '../../src/testing/servers/postgres.ts'
import { startTestSwift } from '../../src/testing/servers/swift.ts'

let stop: (() => Promise<void>) | undefined

/** One PostgreSQL and, where it is installed, one S3 server for all files of the project. */
export async function setup(project: TestProject): Promise<void> {
  const postgres = await startTestPostgres()
  const swift = await startTestSwift()
  stop = async () => {
    await swift?.stop()
    await postgres.stop()
  }
  if (swift === undefined)
    process.stderr.write('No S3 server is installed: on PostgreSQL and the local store.\n')
  project.provide('cluster', { databaseUrl: postgres.url, ...(swift ? { s3: swift.s3 } : {}) })
}

export async function teardown(): Promise<void> {
  await stop?.()
}
