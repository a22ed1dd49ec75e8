import pg from 'pg'

/**
 * Turns `default_transaction_read_only` on for every session of the server, as a failed-over primary has it. Answers how
 * to turn it off again.
 */
export async function makeReadOnly(url: string): Promise<() => Promise<void>> {
  await set(url, 'on')
  return () => set(url, 'off')
}

async function set(url: string, to: 'on' | 'off'): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // a restart in between; what counts is said by the queries
  await client.connect()
  try {
    await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${to}`)
    await client.query('SELECT pg_reload_conf()')
  } finally {
    await client.end()
  }
}
