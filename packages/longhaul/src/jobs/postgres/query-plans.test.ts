import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres, type PostgresDatabase } from '../../database/postgres/index.ts'
import { sessionSettings } from '../../database/postgres/open-postgres.ts'
import { startTestPostgres, type TestPostgres } from '../../testing/servers/postgres.ts'
import { eventsAfter } from './append.ts'
import { anyWork } from './claim.ts'
import { markEnds } from './commit-once.ts'
import { unheardPairs } from './dependants.ts'
import { dueJobs, expiredJobs } from './due.ts'
import { finishedSince } from './history.ts'
import { laneHeads } from './give.ts'
import { lockJobs, lockQueuesOfJobs, lockQueuesOfJobsAnd } from './hold.ts'
import { postgresEngine } from './index.ts'
import { countText, jobsById, pageText } from './list.ts'
import { likelyHeads, lookText, publications } from './look.ts'
import { laneViews } from './queues.ts'
import { waitingLanes } from './reasons.ts'
import { oldestFinished, oldReasons } from './remove.ts'
import { dependenciesOfJobs, placesOf } from './show-job.ts'
import { queuedOfOwners } from './submit.ts'
import { expiredLeases, lookText as sweepLook } from './sweep.ts'
import { writeText } from './touch.ts'
import { lastUnblocked, reasonsFrom } from './waits.ts'
import { queuesToWake } from './wakeups.ts'
import { leasesOfAll, staleWorkers } from './worker.ts'

let server: TestPostgres
let database: PostgresDatabase
let client: pg.Client

/** A history: most jobs are over, 20 owners of different weight, three processors, a thousand waiting. */
const history = [
  `INSERT INTO job (id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at, params,
     max_failures, lease_nonce, lease_worker, lease_expires_at, publishing, event_no, created_at, queued_at, ready_at,
     expires_at, started_at, completed_at, updated_at)
   SELECT 'j' || i, 'q' || (i % 3), 'p' || (i % 3), '1', 'processor', 'o' || (i::bigint * i % 20), state, 2, i, i,
     CASE WHEN state = 'queued' AND i % 10 = 0 THEN i END, '{}', 1,
     CASE state WHEN 'running' THEN 'n' END, CASE state WHEN 'running' THEN 'w' || i % 50 END,
     CASE state WHEN 'running' THEN i END, CASE WHEN state = 'queued' AND i % 99 = 0 THEN '{}' END,
     1, i, i, i, CASE WHEN i % 7 = 0 THEN i END, CASE WHEN state <> 'queued' THEN i END,
     CASE WHEN state IN ('completed', 'failed') THEN i END, i
   FROM (SELECT i, CASE WHEN i > 99000 THEN 'queued' WHEN i % 997 = 0 THEN 'running'
     WHEN i % 50 = 0 THEN 'failed' ELSE 'completed' END AS state FROM generate_series(1, 100000) i) made`,
  `INSERT INTO job_event (job_id, no, attempt, type, at, data) SELECT id, 1, 0, 'queued', 1, '{}' FROM job`,
  `INSERT INTO job_progress SELECT id, 1, '{}', seq FROM job WHERE seq % 10 = 0`,
  `INSERT INTO lane (queue, owner, queued, ready, running) SELECT queue, owner,
     count(*) FILTER (WHERE state = 'queued'),
     count(*) FILTER (WHERE state = 'queued' AND wake_at IS NULL AND publishing IS NULL),
     count(*) FILTER (WHERE state = 'running') FROM job GROUP BY queue, owner`,
  `INSERT INTO queue_state (queue) SELECT DISTINCT queue FROM job`,
  `INSERT INTO lane_wait SELECT queue, owner, n, 'slots' FROM lane, generate_series(1, 200) n`,
  `INSERT INTO dependency SELECT 'j' || i, 'j' || i - 1, 0 FROM generate_series(2, 50000) i`,
  `INSERT INTO worker (id, host, boot_id, pid, slots, started_at, seen_at)
     SELECT 'w' || i, 'here', 'b', 1, 1, 1, 1 FROM generate_series(1, 50) i`,
  `INSERT INTO job_tag SELECT seq, 'run=' || seq % 5, owner FROM job WHERE seq % 2 = 0`,
  'ANALYZE',
]

beforeAll(async () => {
  server = await startTestPostgres()
  const url = await server.createDatabase()
  database = await openPostgres({ url, statements: {} })
  client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sessionSettings)
  for (const text of history) await database.query(text)
}, 120_000)
afterAll(async () => {
  await client.end()
  await database.close()
  await server.stop()
})

/** The plan that serves every value, as the driver's connections make it; only a plain query may ask for it. */
async function planOf(text: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${text}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

const lists = [
  { scope: 'everyone' },
  { scope: 'everyone', states: ['failed', 'running'] },
  { scope: { owner: 'o1' } },
  { scope: { owner: 'o1' }, states: ['completed'], kinds: ['processor'] },
  { scope: 'everyone', processor: 'p1' },
  { scope: { owner: 'o1' }, processor: 'p1', states: ['queued'], kinds: ['processor', 'batch'] },
  { scope: 'everyone', kinds: ['batch'] },
  { scope: { owner: 'o1' }, states: ['running'] },
] as const

describe('with the statistics of 100,000 jobs', () => {
  const statements = {
    laneHeads,
    likelyHeads,
    publications,
    anyWork,
    'what a claim looks at': lookText,
    waitingLanes,
    lockQueuesOfJobs,
    lockQueuesOfJobsAnd,
    lockJobs,
    'what a touch writes': writeText,
    'what a sweep looks at': sweepLook,
    expiredLeases,
    leasesOfAll,
    staleWorkers,
    dueJobs,
    expiredJobs,
    queuesToWake,
    unheardPairs,
    markEnds,
    oldestFinished,
    oldReasons,
    finishedSince,
    eventsAfter,
    jobsById,
    placesOf,
    dependenciesOfJobs,
    laneViews,
    lastUnblocked,
    reasonsFrom,
    queuedOfOwners,
  }
  it.each(Object.entries(statements))('%s finds its jobs by an index', async (_, text) => {
    const plan = await planOf(text)
    expect(plan).not.toMatch(/Seq Scan on (job|job_event|dependency|lane_wait|attempt)\b/)
    expect(plan).toMatch(/Index (Only )?Scan|Bitmap Index Scan/)
  })

  it.each([laneHeads, likelyHeads])(
    'the head of a lane is the first row of its range: nothing is sorted',
    async (text) => {
      const plan = await planOf(text)
      expect(plan).toContain('job_ready')
      expect(plan).not.toContain('Sort')
    },
  )

  it.each(lists)('lists %j by index ranges, newest first', async (filter) => {
    const { text } = pageText(filter)
    // `-` of two parameters has no type of its own without values.
    const plan = await planOf(text.replace('LIMIT $2 - $3', 'LIMIT $2::bigint - $3::bigint'))
    expect(plan).not.toContain('Seq Scan on job')
    expect(plan).toMatch(/Index (Only )?Scan (Backward )?using/)
    // Of the table's own order only where everything is shown: elsewhere it would pass over all that is not.
    if (text.includes('$1::text[]')) expect(plan).not.toContain('job_pkey')
    expect(await planOf(countText(filter).text)).not.toContain('Seq Scan on job')
  })

  it.each([
    { scope: 'everyone', tags: ['run=1'] },
    { scope: { owner: 'o1' }, tags: ['run=1', 'run=2'], states: ['failed'], processor: 'p1' },
  ] as const)('lists %j by an index of the tags', async (filter) => {
    const plan = await planOf(pageText(filter).text)
    expect(plan).toMatch(/job_tag_of_(all|owner)/)
    expect(plan).not.toMatch(/Seq Scan on (job|job_tag)/)
  })

  it('counts long lists only so far, and says that it is an estimate', async () => {
    const { list } = postgresEngine(database)
    const page = await list({ scope: 'everyone', processor: 'p1' }, { limit: 1 })
    expect(page).toMatchObject({ total: 10_000, totalIsEstimate: true })
  })
})
