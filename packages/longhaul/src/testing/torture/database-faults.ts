import { setTimeout as pause } from 'node:timers/promises'
import { makeReadOnly } from '../servers/postgres-read-only.ts'
import type { TcpProxy } from '../servers/tcp-proxy.ts'
import type { BackendFault, BackendsOfRunOptions } from './backends.ts'
import type { DatabaseServer } from './cluster-servers.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What may happen to a PostgreSQL server and to the lines that lead to it, one for each host. */
export function databaseFaults(
  server: DatabaseServer,
  lines: readonly TcpProxy[],
  { leaseMs, long }: Pick<BackendsOfRunOptions, 'leaseMs' | 'long'>,
): readonly BackendFault[] {
  const someLeases = (random: SeededRandom): number => leaseMs * random.between(1, 2)
  return [
    {
      name: 'database-cut',
      strike: async () => {
        for (const line of lines) line.cut()
      },
    },
    {
      name: 'database-stalled',
      strike: (random) => blocked([random.pick(lines)], 'stall', someLeases(random)),
    },
    {
      name: 'database-refused',
      strike: (random) => blocked([random.pick(lines)], 'refuse', someLeases(random)),
    },
    {
      name: 'database-read-only',
      strike: async (random) => {
        const writable = await makeReadOnly(server.databaseUrl)
        await pause(long && random.chance(0.5) ? 15 * leaseMs : someLeases(random))
        await writable()
      },
    },
    { name: 'database-restarted', strike: () => server.restartDatabase('fast') },
    { name: 'database-crashed', strike: () => server.restartDatabase('immediate') },
  ]
}

export async function blocked(
  lines: readonly TcpProxy[],
  how: 'stall' | 'refuse',
  ms: number,
): Promise<void> {
  for (const line of lines) line.block(how)
  await pause(ms)
  for (const line of lines) line.heal()
}
