import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../database/index.ts'
import { batchStatements } from './batch-statements.ts'

let folder: string
let database: SqliteDatabase

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-batch-plans-'))
  database = await openSqlite({ path: path.join(folder, 'plans.db'), statements: batchStatements })
  await database.transact((connection) => {
    // A history: half of all jobs are items, a few batches of very different size, most of it over.
    connection.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
       INSERT INTO job (id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, params,
         max_failures, created_at, completed_at, updated_at, batch_id, batch_item)
       SELECT 'j' || i, 'q', 'p', '1', 'processor', 'o', CASE WHEN i % 20 = 0 THEN 'failed' WHEN i > 49000 THEN 'queued'
         ELSE 'completed' END, 2, i, i, '{}', 1, i, CASE WHEN i % 20 = 0 OR i <= 49000 THEN i END, i,
         CASE WHEN i % 2 = 0 THEN 'b' || (i % 7) END, CASE WHEN i % 2 = 0 THEN i END FROM n`,
    )
    connection.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
       INSERT INTO batch (id, owner, processor, job, parameters, total, fed, created_at, opened_at)
       SELECT 'b' || i, 'o' || (i % 9), 'p', '{}', '{}', 9, 9, i, i FROM n`,
    )
    connection.run('ANALYZE')
  })
  // Another connection loads the fresh statistics.
  await database.close()
  database = await openSqlite({ path: path.join(folder, 'plans.db'), statements: batchStatements })
})
afterAll(async () => {
  await database?.close()
  rmSync(folder, { recursive: true, force: true })
})

// `forget` looks at every batch, once a minute, and only where there is a retention.
const mayScan = new Set<string>(['batch.forget'])

it.each(Object.keys(batchStatements).filter((name) => !mayScan.has(name)))(
  '%s reads no more than it shows, with statistics too',
  (name) => {
    const { sqlite } = batchStatements[name as keyof typeof batchStatements]
    const plan = database.reader
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sqlite}`)
      .map(({ detail }) => detail)
    const scans = plan.filter((step) => step.startsWith('SCAN'))
    // Of these indexes all is wanted; `json_each` is the list that was given.
    expect(scans.filter((step) => !/INDEX batch_(to_|unopened)|json_each/.test(step))).toEqual([])
    for (const step of plan.filter((one) => /\bjob\b/.test(one)))
      expect(step).toMatch(/INDEX job_(of_batch|batch_item|batch_end) /)
  },
)
