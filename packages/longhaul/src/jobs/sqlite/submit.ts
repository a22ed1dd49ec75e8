import { LonghaulError } from '../../errors/index.ts'
import type { JobStore, NewJob, Submitted } from '../engine.ts'
import type { Priority } from '../job.ts'
import { insertEvents } from './events.ts'
import { countTransition, laneClock } from './lane.ts'
import { toJob, type JobRow } from './row.ts'
import { commit, type Engine, type Tx } from './transaction.ts'

/** A later priority is a later place in the queue: aging as virtual time, so nothing waits for ever (engine.md §5). */
const priorityMs = 15 * 60_000
export const rankOf = (runAfter: number, priority: Priority): number =>
  runAfter + (priority - 1) * priorityMs

/** `also` is written when at least one job is new: a repeated submit finds it written already. */
export const submit =
  (engine: Engine): JobStore['submit'] =>
  (jobs, also = []) =>
    commit(engine, (tx) => {
      const submitted = jobs.map((job) => submitOne(tx, job))
      if (submitted.some(({ kind }) => kind === 'created')) tx.connection.write(also)
      return submitted
    })

function submitOne(tx: Tx, job: NewJob): Submitted {
  const { idempotency } = job
  if (idempotency !== undefined) {
    const earlier = tx.connection.get<JobRow>(
      'SELECT * FROM job WHERE owner = ? AND idem_key = ?',
      job.owner,
      idempotency.key,
    )
    if (earlier?.idem_hash === idempotency.hash) return { kind: 'existing', job: toJob(earlier) }
    if (earlier !== undefined)
      return { kind: 'conflict', jobId: earlier.id, over: 'idempotency-key' }
  }
  const row = insertJob(tx, job)
  if (row === undefined) return { kind: 'conflict', jobId: job.id, over: 'id' }
  insertEvents(tx, row, [{ type: 'queued' }])
  countTransition(tx, undefined, row)
  refuseWhenFull(tx, row)
  tx.notify({ kind: 'changed', jobId: row.id })
  tx.notify({ kind: 'queued', queue: row.queue })
  return { kind: 'created', job: toJob(row) }
}

const insert = `INSERT INTO job (id, queue, processor, version, kind, owner, state, priority, rank_at, run_after, wake_at,
    params, idem_key, idem_hash, max_failures, timeout_ms, event_no, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
  ON CONFLICT (id) DO NOTHING RETURNING *`

function insertJob(tx: Tx, job: NewJob): JobRow | undefined {
  const clock = laneClock(tx, job.queue, job.owner)
  const delayMs = Math.max(0, Math.round(job.delayMs ?? 0))
  const runAfter = delayMs > 0 ? tx.now + delayMs : clock
  const priority = job.priority ?? 2
  return tx.connection.get<JobRow>(
    insert,
    job.id,
    job.queue,
    job.processor,
    job.version,
    job.kind,
    job.owner,
    priority,
    rankOf(runAfter, priority),
    runAfter,
    delayMs > 0 ? runAfter : null,
    JSON.stringify(job.params),
    job.idempotency?.key ?? null,
    job.idempotency?.hash ?? null,
    job.maxFailures ?? 1,
    job.timeoutMs ?? null,
    tx.now,
    tx.now,
  )
}

/** Looks after the row is in, so that it counts itself; the throw takes it out again. */
function refuseWhenFull(tx: Tx, row: JobRow): void {
  const { maxQueued, maxQueuedPerOwner } = tx.settings
  const mine = tx.connection.get<{ n: number }>(
    'SELECT sum(queued) AS n FROM lane WHERE owner = ?',
    row.owner,
  )
  if ((mine?.n ?? 0) > maxQueuedPerOwner)
    throw new LonghaulError(
      'queue-full',
      `${maxQueuedPerOwner} of your jobs are queued already; submit more when some have started.`,
    )
  const all = tx.connection.get<{ n: number }>('SELECT sum(queued) AS n FROM queue_state')
  if ((all?.n ?? 0) > maxQueued)
    throw new LonghaulError(
      'queue-full',
      `${maxQueued} jobs are queued already; submit more when some have started.`,
    )
}
