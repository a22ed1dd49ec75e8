import pg from 'pg'
import { inject } from 'vitest'
import type { ConfigOptions } from '../../src/app/index.ts'

/** What `cluster-servers.ts` started for this project of tests; absent: SQLite and the local store. */
export interface TestCluster {
  readonly databaseUrl: string
  readonly s3?: NonNullable<ConfigOptions['s3']>
}
declare module 'vitest' {
  export interface ProvidedContext {
    cluster?: TestCluster
  }
}

let made = 0

/**
 * Settings of a service on the backends that this project of tests is about, empty and its own: the same test files run on
 * (SQLite + local) and on (PostgreSQL + S3).
 */
export async function ownBackends(): Promise<ConfigOptions> {
  const cluster = inject('cluster')
  if (cluster === undefined) return {}
  const name = `t${process.pid}n${(made += 1)}`
  return {
    databaseUrl: await createDatabase(cluster.databaseUrl, name),
    ...(cluster.s3 ? { s3: cluster.s3, bucket: name } : {}),
  }
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}
