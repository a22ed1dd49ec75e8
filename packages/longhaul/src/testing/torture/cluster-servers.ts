import type { S3Config } from '../../app/config.ts'

/** A PostgreSQL server that may be restarted. */
export interface DatabaseServer {
  /** Of a database on the server, for what concerns all of them. */
  readonly databaseUrl: string
  createDatabase(): Promise<string>
  restartDatabase(how: 'fast' | 'immediate'): Promise<void>
  stop(): Promise<void>
}

/** The same, and an S3 server. */
export interface ClusterServers extends DatabaseServer {
  createBucket(): Promise<{ readonly s3: S3Config; readonly bucket: string }>
}
