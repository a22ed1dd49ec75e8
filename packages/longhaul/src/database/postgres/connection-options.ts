import pg from 'pg'
import type { ClientConfig } from 'pg'

/**
 * What every connection has: numbers as numbers, and a server that gives up on us soon after we are gone. A host that is cut
 * off in the middle of a transaction would otherwise hold its queues' locks until TCP notices, which takes hours.
 */
export const connectionOptions = (url: string): ClientConfig => ({
  connectionString: asLibpqReadsIt(url),
  application_name: 'longhaul',
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 5_000,
  idle_in_transaction_session_timeout: 5_000,
  types: { getTypeParser },
})

/** `sslmode=require` means what it means to psql: encrypted, whoever answers. `verify-full` also checks who that is. */
function asLibpqReadsIt(url: string): string {
  if (!/[?&]sslmode=/.test(url) || url.includes('uselibpqcompat=')) return url
  return `${url}&uselibpqcompat=true`
}

const int8: number = pg.types.builtins.INT8
/** Our bigints are epoch milliseconds, byte sizes and counters: all far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid, format) =>
  Number(oid) === int8 && format !== 'binary'
    ? Number
    : (pg.types.getTypeParser(oid, format) as never)
