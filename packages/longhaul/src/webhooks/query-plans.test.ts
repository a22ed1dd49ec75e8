import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../database/index.ts'
import { callbackStatements } from './callback-statements.ts'

let folder: string
let database: SqliteDatabase
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-callback-plans-'))
  database = await openSqlite({ path: path.join(folder, 'plans.db'), statements: {} })
  await database.transact((connection) => {
    connection.run('PRAGMA defer_foreign_keys = ON')
    // A long history: nearly all was delivered, some are dead, a few wait.
    connection.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO job (id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, params, max_failures,
         created_at, completed_at, updated_at)
       SELECT 'j' || i, 'q', 'p', '1', 'processor', 'o', 'completed', 2, 0, 0, '{}', 1, 0, 0, 0 FROM n`,
    )
    connection.run(
      `INSERT INTO outbox (job_id, owner, event_no, url, origin, body, due_at, delivered_at, dead_at)
       SELECT id, 'o' || (seq % 50), 3, 'u', 'h' || (seq % 9), '', seq,
         CASE WHEN seq % 40 > 1 THEN 1 END, CASE WHEN seq % 40 = 1 THEN 1 END FROM job`,
    )
    connection.run('INSERT INTO outbox_try SELECT id, 1, 200, 1, NULL FROM outbox')
    connection.run('ANALYZE')
  })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

it.each([
  ['callback.waiting', ['[]'], 'outbox_due'],
  ['callback.claim', ['', 0, '', 1, 0], 'PRIMARY KEY'],
  ['callback.of-job', ['j1'], 'outbox_job'],
  ['callback.get', ['j1', 3], 'outbox_job'],
  ['callback.get', ['b1', 3], 'outbox_batch'],
  ['callback.of-batch', ['b1'], 'outbox_batch'],
  ['callback.of-owner', ['', 1e9, 50, 'o1'], 'outbox_owner'],
  ['callback.list', ['', 1e9, 50], 'PRIMARY KEY'],
  ['callback.tries', ['[1]'], 'outbox_try_of'],
] as const)('%s finds its rows by an index, however many there are', (name, params, index) => {
  const { sqlite } = callbackStatements[name]
  const plan = database.reader
    .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sqlite}`, ...params)
    .map(({ detail }) => detail)
  expect(plan.join('; ')).toContain(index)
  const whole = plan.filter((step) => /^SCAN (outbox|o)\b(?!.*USING INDEX outbox_due)/.test(step))
  expect(whole).toEqual([])
})
