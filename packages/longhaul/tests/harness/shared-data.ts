import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ConfigOptions } from '../../src/app/index.ts'
import { startTestPostgres } from '../../src/testing/servers/postgres.ts'

/** Where several services of one test keep the same jobs. */
export interface SharedData {
  /** Of a service; with PostgreSQL, each host has a data directory of its own. */
  configFor(host: number): ConfigOptions
  stop(): Promise<void>
}

export const drivers = ['SQLite', 'PostgreSQL'] as const
export type Driver = (typeof drivers)[number]

/** Empty: one data directory, or a database on a PostgreSQL server that starts and ends with it. */
export async function shareData(driver: Driver): Promise<SharedData> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-shared-'))
  const postgres = driver === 'PostgreSQL' ? await startTestPostgres() : undefined
  const databaseUrl = await postgres?.createDatabase()
  return {
    configFor: (host) =>
      databaseUrl === undefined
        ? { dataDir: path.join(folder, 'data') }
        : { dataDir: path.join(folder, `data-${host}`), databaseUrl },
    async stop() {
      await postgres?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
