/**
 * Claim and settle of the engine's contract on PostgreSQL, as small as they can be: what has to be proved is that the
 * contract and the lock order (queue_state, then lanes, then jobs) fit it. No SKIP LOCKED: whoever holds a queue's row
 * is alone in that queue.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type {
  Claim,
  JobClaims,
  Lease,
  NewJob,
  WorkerInfo,
} from '../../packages/longhaul/src/jobs/engine.ts'
import type { Job } from '../../packages/longhaul/src/jobs/job.ts'

export interface SpikeEngine extends Pick<JobClaims, 'claim' | 'settle'> {
  submit(jobs: readonly NewJob[]): Promise<void>
}

/** `trap` locks and claims in one statement, which READ COMMITTED does not make safe: the count must find it. */
export function spikeEngine(pool: pg.Pool, { trap }: { trap: boolean }): SpikeEngine {
  const transaction = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const answer = await work(client)
      await client.query('COMMIT')
      return answer
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    } finally {
      client.release()
    }
  }
  return {
    submit: (jobs) => transaction((client) => submit(client, jobs)),
    claim: (worker, wants) =>
      transaction(async (client) => {
        const claims: Claim[] = []
        // Always in one order, or two workers with the same two queues wait for each other for ever.
        for (const { queue, slots } of wants.toSorted((a, b) => (a.queue < b.queue ? -1 : 1)))
          claims.push(...(await (trap ? claimInOne : claimFrom)(client, worker, queue, slots)))
        return claims
      }),
    settle: (items) =>
      transaction((client) =>
        settle(
          client,
          items.map(({ lease }) => lease),
        ),
      ),
  }
}

async function submit(client: pg.PoolClient, jobs: readonly NewJob[]): Promise<void> {
  await client.query(
    `INSERT INTO job (id, queue, owner, state, rank_at)
     SELECT id, queue, owner, 'queued', 0 FROM jsonb_to_recordset($1) AS x (id text, queue text, owner text)`,
    [JSON.stringify(jobs)],
  )
  await client.query(
    `INSERT INTO job_event (job_id, no, attempt, type) SELECT id, 1, 0, 'queued' FROM job`,
  )
  await client.query(`INSERT INTO queue_state (queue) SELECT DISTINCT queue FROM job`)
  await client.query(
    `INSERT INTO lane (queue, owner, ready) SELECT queue, owner, count(*) FROM job GROUP BY queue, owner`,
  )
}

async function claimFrom(
  client: pg.PoolClient,
  worker: WorkerInfo,
  queue: string,
  slots: number,
): Promise<Claim[]> {
  // Its own statement: the next ones take their snapshot after the wait, and see what the lock's last holder did.
  const { rows } = await client.query<{ room: number; claims: string }>(
    `SELECT CASE WHEN paused THEN 0 ELSE coalesce(max_running - running, $2) END AS room, claims
     FROM queue_state WHERE queue = $1 FOR UPDATE`,
    [queue, slots],
  )
  const room = Math.min(slots, rows[0]?.room ?? 0)
  const claims: Claim[] = []
  while (claims.length < room) {
    const nonce = randomBytes(12).toString('base64url')
    const served = Number(rows[0]?.claims) + claims.length + 1
    const taken = await client.query<{ id: string; attempt: number }>({
      name: 'claim-one',
      text: claimOne,
      values: [queue, nonce, worker.id, served],
    })
    const row = taken.rows[0]
    if (row === undefined) break
    claims.push(toClaim({ jobId: row.id, attempt: row.attempt, nonce }))
  }
  if (claims.length > 0)
    await client.query(
      'UPDATE queue_state SET running = running + $2, claims = claims + $2 WHERE queue = $1',
      [queue, claims.length],
    )
  return claims
}

/** The head of the lane whose turn it is; its row, its lane and its event in one statement under the queue's lock. */
const claimOne = `
  WITH turn AS MATERIALIZED (
    SELECT owner FROM lane WHERE queue = $1 AND ready > 0 ORDER BY running, served LIMIT 1 FOR UPDATE
  ), taken AS (
    UPDATE job SET state = 'running', attempt = attempt + 1, event_no = event_no + 1, lease_nonce = $2,
      lease_worker = $3, lease_expires_at = clock_timestamp() + interval '60 s'
    WHERE state = 'queued' AND seq = (SELECT seq FROM job WHERE queue = $1 AND state = 'queued'
      AND owner = (SELECT owner FROM turn) ORDER BY rank_at, seq LIMIT 1)
    RETURNING id, queue, owner, attempt, event_no
  ), counted AS (
    UPDATE lane SET ready = ready - 1, running = running + 1, served = $4
    FROM taken WHERE lane.queue = taken.queue AND lane.owner = taken.owner
  ), told AS (
    INSERT INTO job_event (job_id, no, attempt, type) SELECT id, event_no, attempt, 'started' FROM taken
  )
  SELECT id, attempt FROM taken`

async function settle(client: pg.PoolClient, leases: readonly Lease[]) {
  const ids = leases.map((lease) => lease.jobId)
  await client.query(
    `SELECT 1 FROM queue_state WHERE queue IN (SELECT queue FROM job WHERE id = ANY ($1)) ORDER BY queue FOR UPDATE`,
    [ids],
  )
  await client.query(
    `SELECT 1 FROM lane WHERE (queue, owner) IN (SELECT queue, owner FROM job WHERE id = ANY ($1))
     ORDER BY queue, owner FOR UPDATE`,
    [ids],
  )
  const { rows } = await client.query<{ nonce: string }>({
    name: 'settle-all',
    text: settleAll,
    values: [ids, leases.map((lease) => lease.attempt), leases.map((lease) => lease.nonce)],
  })
  const settled = new Set(rows.map((row) => row.nonce))
  return leases.map((lease) => (settled.has(lease.nonce) ? 'settled' : 'lost'))
}

const settleAll = `
  WITH ended AS (
    UPDATE job SET state = 'completed', event_no = event_no + 1, lease_nonce = NULL, lease_worker = NULL,
      lease_expires_at = NULL, completed_at = clock_timestamp(), result = '{}'
    FROM unnest($1::text[], $2::int[], $3::text[]) AS held (id, attempt, nonce)
    WHERE job.id = held.id AND job.attempt = held.attempt AND job.lease_nonce = held.nonce AND state = 'running'
    RETURNING job.id, job.queue, job.owner, job.attempt, job.event_no, held.nonce
  ), told AS (
    INSERT INTO job_event (job_id, no, attempt, type) SELECT id, event_no, attempt, 'completed' FROM ended
  ), lanes AS (
    UPDATE lane SET running = running - n
    FROM (SELECT queue, owner, count(*) AS n FROM ended GROUP BY queue, owner) x
    WHERE lane.queue = x.queue AND lane.owner = x.owner
  ), queues AS (
    UPDATE queue_state SET running = running - n FROM (SELECT queue, count(*) AS n FROM ended GROUP BY queue) x
    WHERE queue_state.queue = x.queue
  )
  SELECT nonce FROM ended`

/** The trap (engine.md §5): the snapshot is from before the wait for the lock, so the head may be taken already. */
async function claimInOne(
  client: pg.PoolClient,
  worker: WorkerInfo,
  queue: string,
  slots: number,
): Promise<Claim[]> {
  const nonce = randomBytes(12).toString('base64url')
  const { rows } = await client.query<{ id: string; attempt: number; nonce: string }>(
    `WITH locked AS MATERIALIZED (SELECT queue FROM queue_state WHERE queue = $1 FOR UPDATE),
       head AS MATERIALIZED (SELECT seq FROM job WHERE queue = (SELECT queue FROM locked) AND state = 'queued'
         ORDER BY rank_at, seq LIMIT $2)
     UPDATE job SET state = 'running', attempt = attempt + 1, event_no = event_no + 1,
       lease_nonce = $3 || head.seq, lease_worker = $4, lease_expires_at = clock_timestamp() + interval '60 s'
     FROM head WHERE job.seq = head.seq RETURNING job.id, job.attempt, job.lease_nonce AS nonce`,
    [queue, slots, nonce, worker.id],
  )
  return rows.map((row) => toClaim({ jobId: row.id, attempt: row.attempt, nonce: row.nonce }))
}

const toClaim = (lease: Lease): Claim => ({
  resume: 'run',
  lease,
  // Claimers of the suite read the lease only.
  job: { id: lease.jobId } as Job,
})

/** What the suite's claimer process calls. */
export async function openForTest(argument: string) {
  const { connectionString, trap } = JSON.parse(argument) as {
    connectionString: string
    trap: boolean
  }
  const pool = new pg.Pool({ connectionString, max: 1 })
  pool.on('error', () => undefined)
  return { engine: spikeEngine(pool, { trap }), close: () => pool.end() }
}
