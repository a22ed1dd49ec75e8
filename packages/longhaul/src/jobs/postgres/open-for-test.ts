/** How the suite opens this driver, in the test and in its child processes. */
import { openPostgres, type PostgresDatabase } from '../../database/postgres/index.ts'
import type { EngineTestOptions, EngineUnderTest } from '../engine-conformance/harness.ts'
import { postgresEngine } from './index.ts'

const tables = `SELECT string_agg(quote_ident(relname), ', ') AS names FROM pg_class
  WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> 'migration'`

/** Fresh databases, made once and emptied for the next test: making one takes longer than most tests. */
export function testDatabases(server: () => { createDatabase(): Promise<string> }) {
  const free: { readonly url: string; readonly database: PostgresDatabase }[] = []

  async function open(options: EngineTestOptions): Promise<EngineUnderTest> {
    const one = free.pop() ?? (await make())
    const { url, database } = one
    const others: PostgresDatabase[] = []
    const engine = postgresEngine(database, options)
    return {
      engine,
      async another() {
        const other = await openPostgres({ url, statements: {} })
        others.push(other)
        return postgresEngine(other, options)
      },
      drift: () => engine.recount(),
      opener: { module: import.meta.url, argument: JSON.stringify({ url, options }) },
      async stop() {
        for (const other of others) await other.close()
        const [row] = await database.query<{ names: string }>(tables)
        await database.query(`TRUNCATE ${row?.names ?? ''} RESTART IDENTITY`)
        free.push(one)
      },
    }
  }
  const make = async () => {
    const url = await server().createDatabase()
    return { url, database: await openPostgres({ url, statements: {} }) }
  }
  return {
    open,
    async close() {
      for (const { database } of free.splice(0)) await database.close()
    },
  }
}

/** In a child process: `argument` is the opener's. */
export async function openForTest(argument: string) {
  const { url, options } = JSON.parse(argument) as { url: string; options: EngineTestOptions }
  const database = await openPostgres({ url, statements: {}, maxConnections: 3 })
  return { engine: postgresEngine(database, options), close: () => database.close() }
}
