import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { connectionOptions } from './connection-options.ts'

/** An empty database of a fresh name on a server; answers its URL. */
export async function createDatabase(serverUrl: string): Promise<string> {
  const name = `longhaul_${randomBytes(6).toString('hex')}`
  const client = new pg.Client(connectionOptions(serverUrl))
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${name}`)
  } finally {
    await client.end()
  }
  return withDatabase(serverUrl, name)
}

/** The same server and user, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
