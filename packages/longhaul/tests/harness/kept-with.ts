import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import type { HttpService } from './http-service.ts'

/** Files below a folder whose bytes hold the text: database, write-ahead log, objects, logs. */
export async function filesWith(folder: string, what: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    // One that has gone meanwhile holds nothing.
    const bytes = await readFile(file).catch(() => undefined)
    if (bytes?.includes(what)) found.push(path.relative(folder, file))
  }
  return found
}

/** Everything that a service keeps and that holds the text, wherever it keeps it; `objects`: those of an S3 store too. */
export async function keptWith(
  { app, folder }: HttpService,
  what: string,
  { objects = true }: { readonly objects?: boolean } = {},
): Promise<string[]> {
  const { config, storage } = app.services
  const found = await filesWith(folder, what)
  if (config.databaseUrl !== undefined) found.push(...(await tablesWith(config.databaseUrl, what)))
  if (config.s3 === undefined || !objects) return found
  for (let after: string | undefined, more = true; more;) {
    const page = await storage.list('', { limit: 1000, ...(after === undefined ? {} : { after }) })
    for (const { key } of page.objects)
      if ((await text((await storage.get(key)).body)).includes(what)) found.push(key)
    after = page.next
    more = after !== undefined
  }
  return found
}

async function tablesWith(databaseUrl: string, what: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const found: string[] = []
    const tables = await client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema()`,
    )
    for (const { name } of tables.rows) {
      const rows = await client.query(
        `SELECT 1 FROM ${name} AS row WHERE position($1 IN row::text) > 0 LIMIT 1`,
        [what],
      )
      if (rows.rows.length > 0) found.push(name)
    }
    return found
  } finally {
    await client.end()
  }
}
