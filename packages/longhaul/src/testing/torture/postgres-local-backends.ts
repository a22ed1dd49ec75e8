import { faultPoints } from '../../support/fault-point.ts'
import { proxyFor } from '../servers/tcp-proxy.ts'
import type { BackendsOfRun, BackendsOfRunOptions, TortureBackends } from './backends.ts'
import type { DatabaseServer } from './cluster-servers.ts'
import { databaseFaults } from './database-faults.ts'

/** PostgreSQL and the local store: servers of one host, on the same data directory. */
export function postgresLocalBackends(server: DatabaseServer): TortureBackends {
  return {
    points: faultPoints,
    open: (run) => openRun(server, run),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function openRun(server: DatabaseServer, run: BackendsOfRunOptions): Promise<BackendsOfRun> {
  const databaseUrl = await server.createDatabase()
  const dataDir = run.folder.data(0)
  const lines = await Promise.all(Array.from({ length: run.places }, () => proxyFor(databaseUrl)))
  const proxies = lines.map(({ proxy }) => proxy)
  return {
    configFor: (place) => ({ dataDir, databaseUrl: lines[place]?.url ?? databaseUrl }),
    config: { dataDir, databaseUrl },
    dataDirs: [dataDir],
    faults: databaseFaults(server, proxies, run),
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map((proxy) => proxy.stop()))
    },
  }
}
