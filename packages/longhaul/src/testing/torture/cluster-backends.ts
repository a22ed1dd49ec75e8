import type { ConfigOptions } from '../../app/index.ts'
import { faultPoints } from '../../support/fault-point.ts'
import { startHttpFaultProxy, type HttpFault } from '../servers/http-fault-proxy.ts'
import { proxyFor, type TcpProxy } from '../servers/tcp-proxy.ts'
import type {
  BackendFault,
  BackendsOfRun,
  BackendsOfRunOptions,
  TortureBackends,
} from './backends.ts'
import type { ClusterServers } from './cluster-servers.ts'
import { blocked, databaseFaults } from './database-faults.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

/** How often the store answers a request so. */
const storeFaults: readonly (readonly [HttpFault, number])[] = [
  ['internal-error', 0.01],
  ['slow-down', 0.01],
  ['reset', 0.01],
  ['lost-answer', 0.01],
  ['stall', 0.002],
]

/** PostgreSQL and an S3 server. Every place is a host of its own: its data directory, its lines. */
export function clusterBackends(servers: ClusterServers): TortureBackends {
  return {
    // What is durable when is the S3 server's affair.
    points: faultPoints.filter((point) => !point.startsWith('store.')),
    open: (run) => openRun(servers, run),
    [Symbol.asyncDispose]: () => servers.stop(),
  }
}

interface Place {
  readonly config: ConfigOptions
  readonly database: TcpProxy
  readonly store: TcpProxy
}

async function openRun(servers: ClusterServers, run: BackendsOfRunOptions): Promise<BackendsOfRun> {
  const random = seededRandom(run.seed ^ 0x53_33)
  const databaseUrl = await servers.createDatabase()
  const { s3, bucket } = await servers.createBucket()
  const shared = { databaseUrl, s3, bucket }
  const badStore = await startHttpFaultProxy(s3.endpoint, () =>
    run.isCalm() ? undefined : drawFault(random),
  )
  const places = await Promise.all(
    Array.from({ length: run.places }, async (_, number): Promise<Place> => {
      const [database, store] = await Promise.all([proxyFor(databaseUrl), proxyFor(badStore.url)])
      return {
        database: database.proxy,
        store: store.proxy,
        config: {
          dataDir: run.folder.data(number),
          // A host of its own sees no processes of the others: leases alone tell who is gone.
          hostName: `place-${number}`,
          bucket,
          databaseUrl: database.url,
          // Clients send their parts straight to the store.
          s3: { ...s3, endpoint: store.url.replace(/\/$/, ''), publicEndpoint: s3.endpoint },
        },
      }
    }),
  )
  return {
    configFor: (place) => places[place]?.config ?? {},
    config: { dataDir: run.folder.data(0), ...shared },
    dataDirs: places.map((_, number) => run.folder.data(number)),
    faults: faultsOf(servers, places, run),
    async [Symbol.asyncDispose]() {
      for (const { database, store } of places) await Promise.all([database.stop(), store.stop()])
      await badStore.stop()
    },
  }
}

function drawFault(random: SeededRandom): HttpFault | undefined {
  let left = random.next()
  for (const [fault, share] of storeFaults) if ((left -= share) < 0) return fault
  return undefined
}

function faultsOf(
  servers: ClusterServers,
  places: readonly Place[],
  run: BackendsOfRunOptions,
): readonly BackendFault[] {
  const lines = places.map(({ database }) => database)
  const { leaseMs } = run
  return [
    ...databaseFaults(servers, lines, run),
    {
      name: 'store-refused',
      strike: (random) =>
        blocked([random.pick(places).store], 'refuse', leaseMs * random.between(1, 2)),
    },
    {
      // Long enough for others to have taken what it held: its results are to be refused, its outputs collected.
      name: 'host-cut-off',
      strike: (random) => {
        const { database, store } = random.pick(places)
        return blocked([database, store], 'stall', leaseMs * (random.between(1, 3) + 0.5))
      },
    },
  ]
}
