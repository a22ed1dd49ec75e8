import { LonghaulError } from '../../errors/index.ts'
import type { JobStore, NewJob, Submitted } from '../engine.ts'
import { isTerminal } from '../job.ts'
import { toJob, type JobRow } from '../row.ts'
import { decisiveEnd, hearOfEnd, maxDependencies, newRow, refuseBeyond } from '../rules/index.ts'
import { insertEvents } from './events.ts'
import { countTransition, laneClock, writeMoves } from './lane.ts'
import { queuedCounts, refuseWhenShort } from './room.ts'
import { commit, type Engine, type Tx } from './transaction.ts'
import { transition } from './transition.ts'

/** `also` is written when at least one job is new: a repeated submit finds it written already. */
export const submit =
  (engine: Engine): JobStore['submit'] =>
  async (jobs, also = []) => {
    refuseWhenShort(engine)
    return commit(engine, (tx) => {
      const submitted = jobs.map((job) => submitOne(tx, job))
      if (submitted.some(({ kind }) => kind === 'created')) tx.connection.write(also)
      return submitted
    })
  }

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
  const dependencies = dependenciesOf(tx, job)
  const ahead = dependencies.filter(({ state }) => !isTerminal(state)).length
  const inserted = insertJob(tx, job, ahead)
  if (inserted === undefined) return { kind: 'conflict', jobId: job.id, over: 'id' }
  insertEvents(tx, inserted, [{ type: 'queued' }])
  for (const tag of job.params.tags ?? [])
    tx.connection.run(
      'INSERT INTO job_tag (seq, tag, owner) VALUES (?, ?, ?)',
      inserted.seq,
      tag,
      job.owner,
    )
  countTransition(tx, undefined, inserted)
  for (const { id, state } of dependencies)
    tx.connection.run(
      'INSERT INTO dependency (job_id, on_id, heard) VALUES (?, ?, ?)',
      inserted.id,
      id,
      Number(isTerminal(state)),
    )
  // Dependants are never refused: what they wait for was taken.
  if (dependencies.length === 0) {
    writeMoves(tx)
    refuseBeyond(tx.settings, queuedCounts(tx.connection, job.owner))
  }
  tx.notify({ kind: 'changed', jobId: inserted.id, state: inserted.state })
  tx.notify({ kind: 'queued', queue: inserted.queue })
  const row = hearOfThePast(tx, inserted, dependencies)
  return { kind: 'created', job: toJob(row, { dependsOn: dependencies.map(({ id }) => id) }) }
}

type Dependency = Pick<JobRow, 'id' | 'state'>

function dependenciesOf(tx: Tx, job: NewJob): readonly Dependency[] {
  const ids = [...new Set(job.dependsOn)]
  if (ids.length > maxDependencies)
    throw new LonghaulError(
      'invalid-request',
      `A job may depend on ${maxDependencies} others at most; this one names ${ids.length}.`,
    )
  return ids.map((id) => {
    const found = tx.connection.get<Dependency>(
      'SELECT id, state FROM job WHERE id = ? AND owner = ?',
      id,
      job.owner,
    )
    if (found !== undefined) return found
    throw new LonghaulError(
      'dependency-not-found',
      `There is no job ${id} to depend on; submit it first.`,
      { facts: { jobId: id } },
    )
  })
}

/** A dependency that had failed or been cancelled already decides at once. */
function hearOfThePast(tx: Tx, row: JobRow, dependencies: readonly Dependency[]): JobRow {
  const over = decisiveEnd(row, dependencies)
  const decision = over && hearOfEnd(row, over, row.blocked_by, tx)
  return decision === undefined ? row : transition(tx, row, decision)
}

function insertJob(tx: Tx, job: NewJob, blockedBy: number): JobRow | undefined {
  const clock = laneClock(tx, job.queue, job.owner)
  const columns = newRow(job, { clock, blockedBy, now: tx.now })
  insertText ??= `INSERT INTO job (${Object.keys(columns).join(', ')})
    VALUES (${Object.keys(columns)
      .map(() => '?')
      .join(', ')}) ON CONFLICT (id) DO NOTHING RETURNING seq`
  const inserted = tx.connection.get<{ seq: number }>(insertText, ...Object.values(columns))
  return inserted && { seq: inserted.seq, ...columns }
}

/** All columns but `seq`, as newRow names them: made once. */
let insertText: string | undefined
