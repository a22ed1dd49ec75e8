import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/app/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/servers/postgres.ts'
import { until } from '../harness/until.ts'

const processors = path.join(import.meta.dirname, '../fixtures/upgrade-processors.ts')

let server: TestPostgres
let dataDir: string
beforeAll(async () => {
  server = await startTestPostgres()
  dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-mixed-'))
}, 120_000)
afterAll(async () => {
  await server?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** What the migrations of a later minor version may do while workers of this one go on: add. */
async function addAColumnToEveryTable(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    )
    for (const { name } of tables.rows)
      await client.query(`ALTER TABLE "${name}" ADD COLUMN later text NOT NULL DEFAULT 'unknown'`)
    return tables.rows.length
  } finally {
    await client.end()
  }
}

describe('a worker of this version, when a later one has added to the tables', () => {
  it('goes on with the connections it has, for old jobs and new ones', async () => {
    const databaseUrl = await server.createDatabase()
    await using app = await createApp({
      sources: [{ kind: 'file', path: processors }],
      config: { dataDir, databaseUrl, leaseMs: 1000, logLevel: 'silent' },
    })
    const submit = async (text: string): Promise<string> => {
      const payload = { input: { text } }
      const answer = await app.inject({ method: 'POST', url: '/processors/shout/jobs', payload })
      expect(answer.statusCode, answer.body).toBe(201)
      return answer.json<{ job_id: string }>().job_id
    }
    const textOf = (id: string) =>
      until(`the end of ${id}`, async () => {
        const job = (await app.inject({ url: `/jobs/${id}?view=native` })).json<{
          status: string
          error: string | null
          result: { text: string } | null
        }>()
        if (job.error) throw new Error(job.error)
        return job.status === 'completed' ? job.result?.text : undefined
      })
    // Several at once, so that several connections have prepared their statements.
    const before = await Promise.all(Array.from({ length: 20 }, (_, n) => submit(`before ${n}`)))
    for (const id of before) await textOf(id)
    await app.services.engine.setQueue('shout', { paused: true })
    const waiting = await submit('waiting')

    expect(await addAColumnToEveryTable(databaseUrl)).toBeGreaterThan(10)

    const after = await Promise.all(Array.from({ length: 20 }, (_, n) => submit(`after ${n}`)))
    await app.services.engine.setQueue('shout', { paused: false })
    expect(await textOf(waiting)).toBe('WAITING')
    for (const [n, id] of after.entries()) expect(await textOf(id)).toBe(`AFTER ${n}`)
    expect(await app.services.engine.recount()).toEqual([])
  })
})
