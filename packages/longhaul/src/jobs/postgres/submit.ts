import { LonghaulError } from '../../errors/index.ts'
import type { Write } from '../../database/database.ts'
import type { JobStore, NewJob, Submitted } from '../engine.ts'
import { isTerminal } from '../job.ts'
import { toJob, type JobRow } from '../row.ts'
import { decisiveEnd, hearOfEnd, maxDependencies, newRow, refuseBeyond } from '../rules/index.ts'
import { commit } from './commit.ts'
import { grouped, type Answer } from './grouped.ts'
import { holdLanes, useClock } from './lanes.ts'
import { create, transition } from './transition.ts'
import { laneKey, type Engine, type Tx } from './tx.ts'

interface Call {
  readonly jobs: readonly NewJob[]
  readonly also: readonly Write[]
}
type Dependency = Pick<JobRow, 'id' | 'state' | 'owner'>

/** `also` is written when at least one job of the call is new: a repeated submit finds it written already. */
export function submit(engine: Engine): JobStore['submit'] {
  const submitGroup = grouped((calls: readonly Call[]) => {
    // Before anything is locked.
    for (const { jobs } of calls) jobs.forEach(checkDependencies)
    return commit(engine, (tx) => submitAll(tx, calls))
  })
  return async (jobs, also = []) => (jobs.length === 0 ? [] : submitGroup({ jobs, also }))
}

async function submitAll(
  tx: Tx,
  calls: readonly Call[],
): Promise<readonly Answer<readonly Submitted[]>[]> {
  const found = await lookUp(
    tx,
    calls.flatMap(({ jobs }) => jobs),
  )
  const answers: Answer<readonly Submitted[]>[] = []
  for (const { jobs, also } of calls) {
    try {
      const planned = planCall(tx, found, jobs)
      for (const plan of planned) if (plan.kind === 'new') insert(tx, found, plan)
      const answer = planned.map((plan) => submittedOf(tx, plan))
      if (also.length > 0 && answer.some(({ kind }) => kind === 'created'))
        await tx.session.write(also)
      answers.push({ value: answer })
    } catch (error) {
      // Ours: it was refused before anything was noted. Another's has ended the transaction.
      if (!(error instanceof LonghaulError) || error.code === 'write-conflict') throw error
      answers.push({ error })
    }
  }
  return answers
}

/** What the jobs may meet, read under the locks of their queues. */
interface Found {
  readonly seqs: number[]
  readonly clocks: ReadonlyMap<string, number>
  readonly byKey: Map<string, JobRow>
  readonly ids: Set<string>
  readonly dependencies: Map<string, Dependency>
  readonly queuedOf: Map<string, number>
  queued: number
}

const byKeys = `SELECT job.* FROM unnest($1::text[], $2::text[]) AS c (owner, key)
  JOIN job ON job.owner = c.owner AND job.idem_key = c.key WHERE job.idem_key IS NOT NULL`
export const queuedOfOwners = `SELECT owner, sum(queued)::bigint AS n FROM lane WHERE owner = ANY ($1) GROUP BY owner`
export const queuedInAll = 'SELECT coalesce(sum(queued), 0)::bigint AS n FROM queue_state'

async function lookUp(tx: Tx, jobs: readonly NewJob[]): Promise<Found> {
  const { session } = tx
  const keyed = jobs.filter((job) => job.idempotency !== undefined)
  const names = new Map(jobs.map((job) => [laneKey(job.queue, job.owner), job]))
  const on = [...new Set(jobs.flatMap((job) => job.dependsOn ?? []))]
  const clocks = await holdLanes(tx, [...names.values()])
  const [seqs, ids, rows, dependencies, ofOwners, inAll] = await Promise.all([
    session.query<{ seq: number }>(
      "SELECT nextval(pg_get_serial_sequence('job', 'seq')) AS seq FROM generate_series(1, $1::integer)",
      [jobs.length],
    ),
    session.query<{ id: string }>('SELECT id FROM job WHERE id = ANY ($1)', [
      jobs.map(({ id }) => id),
    ]),
    keyed.length === 0
      ? []
      : session.query<JobRow>(byKeys, [
          keyed.map(({ owner }) => owner),
          keyed.map(({ idempotency }) => idempotency?.key),
        ]),
    // Shared: whoever ends one of them waits until we are among its dependants.
    on.length === 0
      ? []
      : session.query<Dependency>(
          'SELECT id, state, owner FROM job WHERE id = ANY ($1) ORDER BY seq FOR SHARE',
          [on],
        ),
    session.query<{ owner: string; n: number }>(queuedOfOwners, [
      [...new Set(jobs.map(({ owner }) => owner))],
    ]),
    session.query<{ n: number }>(queuedInAll),
  ])
  return {
    seqs: seqs.map(({ seq }) => seq),
    clocks,
    byKey: new Map(rows.map((row) => [laneKey(row.owner, row.idem_key ?? ''), row])),
    ids: new Set(ids.map(({ id }) => id)),
    dependencies: new Map(dependencies.map((row) => [row.id, row])),
    queuedOf: new Map(ofOwners.map(({ owner, n }) => [owner, n])),
    queued: inAll[0]?.n ?? 0,
  }
}

type Plan =
  | { readonly kind: 'new'; readonly job: NewJob; readonly on: readonly Dependency[] }
  | { readonly kind: 'same'; readonly as: string; readonly row?: JobRow }
  | Extract<Submitted, { kind: 'conflict' }>

/** What becomes of each job of one call. Throws where the whole call is refused; notes nothing yet. */
function planCall(tx: Tx, found: Found, jobs: readonly NewJob[]): readonly Plan[] {
  const plans: Plan[] = []
  const mine = { keys: new Map<string, NewJob>(), ids: new Map<string, Dependency>() }
  const added = new Map<string, number>()
  for (const job of jobs) {
    const plan = planJob(found, mine, job)
    plans.push(plan)
    if (plan.kind !== 'new') continue
    mine.ids.set(job.id, { id: job.id, state: 'queued', owner: job.owner })
    if (job.idempotency) mine.keys.set(laneKey(job.owner, job.idempotency.key), job)
    added.set(job.owner, (added.get(job.owner) ?? 0) + 1)
    // Dependants are never refused: what they wait for was taken.
    if (plan.on.length === 0)
      refuseBeyond(tx.settings, {
        ofOwner: (found.queuedOf.get(job.owner) ?? 0) + (added.get(job.owner) ?? 0),
        all: found.queued + mine.ids.size,
      })
  }
  for (const [owner, count] of added)
    found.queuedOf.set(owner, (found.queuedOf.get(owner) ?? 0) + count)
  found.queued += mine.ids.size
  return plans
}

function planJob(
  found: Found,
  mine: { readonly keys: Map<string, NewJob>; readonly ids: Map<string, Dependency> },
  job: NewJob,
): Plan {
  const { idempotency } = job
  if (idempotency !== undefined) {
    const key = laneKey(job.owner, idempotency.key)
    const row = found.byKey.get(key)
    const earlier = mine.keys.get(key)
    const [id, hash] = row ? [row.id, row.idem_hash] : [earlier?.id, earlier?.idempotency?.hash]
    if (id !== undefined && hash !== idempotency.hash)
      return { kind: 'conflict', jobId: id, over: 'idempotency-key' }
    if (id !== undefined) return { kind: 'same', as: id, ...(row ? { row } : {}) }
  }
  const on = [...new Set(job.dependsOn)].map((id) => {
    const dependency = mine.ids.get(id) ?? found.dependencies.get(id)
    if (dependency !== undefined && dependency.owner === job.owner) return dependency
    throw new LonghaulError(
      'dependency-not-found',
      `There is no job ${id} to depend on; submit it first.`,
      { facts: { jobId: id } },
    )
  })
  if (found.ids.has(job.id) || mine.ids.has(job.id))
    return { kind: 'conflict', jobId: job.id, over: 'id' }
  return { kind: 'new', job, on }
}

function insert(tx: Tx, found: Found, { job, on }: Extract<Plan, { kind: 'new' }>): void {
  const ahead = on.filter(({ state }) => !isTerminal(state)).length
  const clock = useClock(tx, found.clocks, job)
  const seq = found.seqs.shift() ?? 0
  const row: JobRow = { seq, ...newRow(job, { clock, blockedBy: ahead, now: tx.now }) }
  create(tx, row)
  for (const tag of job.params.tags ?? []) tx.tags.push({ seq, tag, owner: job.owner })
  found.ids.add(job.id)
  // In the same group a later call may depend on it, or say the same again.
  found.dependencies.set(job.id, row)
  if (job.idempotency) found.byKey.set(laneKey(job.owner, job.idempotency.key), row)
  if (on.length === 0) return
  tx.more.push({
    text: `INSERT INTO dependency (job_id, on_id, heard) SELECT $1, on_id, heard FROM unnest($2::text[], $3::integer[]) AS c (on_id, heard)`,
    values: [job.id, on.map(({ id }) => id), on.map(({ state }) => Number(isTerminal(state)))],
  })
  // A dependency that had failed or been cancelled already decides at once.
  const over = decisiveEnd(row, on)
  const decision = over && hearOfEnd(row, over, row.blocked_by, tx)
  if (decision !== undefined) transition(tx, row, decision)
}

function submittedOf(tx: Tx, plan: Plan): Submitted {
  if (plan.kind === 'conflict') return plan
  const id = plan.kind === 'new' ? plan.job.id : plan.as
  const row = tx.jobs.get(id)?.after ?? (plan.kind === 'same' ? plan.row : undefined)
  if (row === undefined) throw new LonghaulError('internal', `Job ${id} was not noted`)
  if (plan.kind === 'same') return { kind: 'existing', job: toJob(row) }
  return { kind: 'created', job: toJob(row, { dependsOn: plan.on.map((one) => one.id) }) }
}

function checkDependencies(job: NewJob): void {
  const count = new Set(job.dependsOn).size
  if (count > maxDependencies)
    throw new LonghaulError(
      'invalid-request',
      `A job may depend on ${maxDependencies} others at most; this one names ${count}.`,
    )
}
