import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqlite, type SqliteDatabase } from '../../database/index.ts'
import { laneHeads, nextLane, nextPublication } from './claim.ts'
import { leasesOfWorker } from './dead-workers.ts'
import { hasUnheard, unheardDependants } from './dependants.ts'
import { dueJobs, expiredJobs, isDue } from './due.ts'
import { dueQueues, newEvents, newProgress } from './feed.ts'
import { finishedSince } from './history.ts'
import { sqliteEngine } from './index.ts'
import { pageOfRange, rangesOf } from './list.ts'
import { liveWorkers, waitingLanes, waitingQueues } from './reasons.ts'
import { oldestFinished, oldReasons } from './remove.ts'
import { queuedOfOwner } from './room.ts'
import { countAhead, farthest } from './show-job.ts'
import { expiredLeases } from './sweep.ts'
import { reasonAt, reasonsBetween } from './waits.ts'
import { staleWorkers } from './worker.ts'

let folder: string
let database: SqliteDatabase
const jobs = 100_000

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-plans-'))
  database = await openSqlite({ path: path.join(folder, 'plans.db'), statements: {} })
  await database.transact((connection) => {
    // A history: most jobs are over, 20 owners of different weight, three processors, a thousand waiting.
    connection.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?),
         made AS (SELECT i, CASE WHEN i > 99000 THEN 'queued' WHEN i % 997 = 0 THEN 'running'
           WHEN i % 50 = 0 THEN 'failed' ELSE 'completed' END AS state FROM n)
       INSERT INTO job (id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, params,
         max_failures, lease_nonce, lease_worker, lease_expires_at, publishing, event_no, created_at, completed_at, updated_at, queued_at,
         ready_at, expires_at, on_dependency)
       SELECT 'j' || i, 'q' || (i % 3), 'p' || (i % 3), '1', 'processor', 'o' || (i * i % 20), state, 2, i, i,
         CASE WHEN state = 'queued' AND i % 10 = 0 THEN i END, '{}', 1,
         CASE state WHEN 'running' THEN 'n' END, CASE state WHEN 'running' THEN 'w' END,
         CASE state WHEN 'running' THEN i END, CASE WHEN state = 'queued' AND i % 99 = 0 THEN '{}' END,
         1, i, CASE WHEN state IN ('completed', 'failed') THEN i END, i, i, i, CASE WHEN i % 7 = 0 THEN i END,
         CASE WHEN i % 5 = 0 THEN 'completed' END FROM made`,
      jobs,
    )
    connection.run(
      "INSERT INTO job_event (job_id, no, attempt, type, at, data) SELECT id, 1, 0, 'queued', 1, '{}' FROM job",
    )
    connection.run("INSERT INTO job_progress SELECT id, 1, '{}', seq FROM job")
    connection.run(
      `INSERT INTO lane (queue, owner, queued, ready, running) SELECT queue, owner, sum(state = 'queued'),
         sum(state = 'queued' AND wake_at IS NULL AND publishing IS NULL), sum(state = 'running') FROM job GROUP BY queue, owner`,
    )
    connection.run(
      "INSERT INTO worker (id, host, boot_id, pid, slots, started_at, seen_at) VALUES ('w', 'here', 'b', 1, 1, 1, 1)",
    )
    connection.run(
      `INSERT INTO dependency (job_id, on_id, heard)
       SELECT id, 'j' || (seq - 1), state <> 'queued' FROM job WHERE on_dependency IS NOT NULL`,
    )
    connection.run(
      "INSERT INTO lane_wait SELECT queue, owner, seq, 'slots' FROM job WHERE seq % 3 = 0",
    )
    connection.run(
      "INSERT INTO job_tag (seq, tag, owner) SELECT seq, 'run=' || (seq % 5), owner FROM job WHERE seq % 2 = 0",
    )
    connection.run("INSERT INTO job_checkpoint SELECT id, 1, seq, '{}' FROM job WHERE seq % 9 = 0")
    connection.run('ANALYZE')
  })
  // Another connection loads the fresh statistics.
  await database.close()
  database = await openSqlite({ path: path.join(folder, 'plans.db'), statements: {} })
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

const planOf = (text: string): string[] =>
  database.reader.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`).map((row) => row.detail)

const lists = [
  { scope: 'everyone' },
  { scope: 'everyone', states: ['failed', 'running'] },
  { scope: { owner: 'o1' } },
  { scope: { owner: 'o1' }, states: ['completed'], kinds: ['processor'] },
  { scope: 'everyone', processor: 'p1' },
  { scope: { owner: 'o1' }, processor: 'p1', states: ['queued'], kinds: ['processor', 'batch'] },
  { scope: 'everyone', kinds: ['batch'] },
] as const

describe('with the statistics of 100,000 jobs', () => {
  it('has statistics that could mislead the planner', () => {
    const rows = database.reader.all<{ tbl: string }>('SELECT tbl FROM sqlite_stat1')
    expect(new Set(rows.map((row) => row.tbl))).toContain('job')
  })

  const statements = {
    nextLane,
    laneHeads,
    nextPublication,
    expiredLeases,
    leasesOfWorker,
    oldestFinished,
    newEvents,
    newProgress,
    isDue,
    dueJobs,
    expiredJobs,
    hasUnheard,
    unheardDependants,
    waitingLanes,
    liveWorkers,
    staleWorkers,
    reasonAt,
    reasonsBetween,
    finishedSince,
    farthest,
    'job by id': 'SELECT * FROM job WHERE id = ?',
    'job by idempotency key': 'SELECT * FROM job WHERE owner = ? AND idem_key = ?',
    'job by lease':
      "SELECT * FROM job WHERE id = ? AND attempt = ? AND lease_nonce = ? AND state = 'running'",
    'events of a job': 'SELECT * FROM job_event WHERE job_id = ? AND no > ? ORDER BY no LIMIT ?',
    queuedOfOwner,
    'newest checkpoint':
      'SELECT manifest FROM job_checkpoint WHERE job_id = ? ORDER BY no DESC LIMIT 1',
    'dependencies of a job':
      'SELECT job.id, job.state FROM dependency d JOIN job ON job.id = d.on_id WHERE d.job_id = ?',
    'deleting a job': 'DELETE FROM job WHERE seq = ?',
  }
  it.each(Object.entries(statements))('%s searches an index and sorts nothing', (_, text) => {
    const plan = planOf(text)
    expect(plan.join('\n')).toContain('SEARCH')
    expect(plan.filter((step) => /\bSCAN\b|TEMP B-TREE/.test(step))).toEqual([])
  })

  it('counts the jobs ahead in the index alone', () => {
    expect(planOf(countAhead).join('\n')).toContain('SEARCH job USING COVERING INDEX job_ready')
  })

  it('finds waiting queues among the waiting lanes only', () => {
    expect(planOf(waitingQueues).join('\n')).toContain('SCAN lane USING INDEX lane_turn')
  })

  it('reads the recent history from its index alone', () => {
    expect(planOf(finishedSince).join('\n')).toContain('USING COVERING INDEX job_completed')
  })

  it('forgets reasons without reading jobs', () => {
    const plan = planOf(oldReasons)
    expect(plan.filter((step) => step.includes('TEMP B-TREE'))).toEqual([])
    expect(plan.filter((step) => /SCAN (?!job$)/.test(step))).toEqual([])
  })

  it('finds queues with due jobs among the due ones only', () => {
    const plan = planOf(dueQueues)
    expect(plan.join('\n')).toContain('SEARCH job USING INDEX job_wake')
    // DISTINCT over at most a thousand rows of the inner query is all that is sorted.
    expect(plan.filter((step) => /SCAN (?!\(?subquery)/.test(step))).toEqual([])
  })

  it.each(lists)('lists %j by index ranges, newest first, without sorting', (filter) => {
    for (const { text } of rangesOf(filter)) {
      for (const statement of [
        pageOfRange(text),
        `SELECT count(*) FROM (SELECT 1 ${text} LIMIT ?)`,
      ]) {
        const plan = planOf(statement).filter((step) => !/^(CO-ROUTINE|SCAN \(subquery)/.test(step))
        if (statement.startsWith('SELECT count') && text.startsWith('FROM job WHERE TRUE')) continue
        expect(plan.join('\n')).toContain('SEARCH job USING')
        expect(plan.filter((step) => /\bSCAN\b|TEMP B-TREE/.test(step))).toEqual([])
      }
    }
  })

  it.each([
    { scope: 'everyone', tags: ['run=1'] },
    { scope: { owner: 'o1' }, tags: ['run=1', 'run=2'], states: ['failed'], processor: 'p1' },
  ] as const)('lists %j in the order of the tag, without sorting', (filter) => {
    const [range] = rangesOf(filter)
    const plan = planOf(pageOfRange(range?.text ?? ''))
    expect(plan[0]).toMatch(/SEARCH t USING COVERING INDEX job_tag_of_(all|owner)/)
    expect(plan.filter((step) => /\bSCAN\b|TEMP B-TREE/.test(step))).toEqual([])
  })

  it('counts long lists only so far, and says that it is an estimate', async () => {
    const { list } = sqliteEngine(database)
    const page = await list({ scope: 'everyone', processor: 'p1' }, { limit: 1 })
    expect(page).toMatchObject({ total: 10_000, totalIsEstimate: true })
  })
})
