import type { Sql } from '../../database/postgres/index.ts'
import type { JobRow } from '../row.ts'
import { countedStates, type CallbackRow } from '../rules/index.ts'
import { insertRows, rowArrays } from './row-arrays.ts'
import type { EventRow, Tx } from './tx.ts'

/** Everything that was decided, as statements that do not read what another writes. */
export const changesOf = (tx: Tx): readonly Sql[] => [
  ...queueChanges(tx),
  ...laneChanges(tx),
  ...newJobs(tx),
  ...newTags(tx),
  ...jobChanges(tx),
  ...attemptsBegun(tx),
  ...attemptsEnded(tx),
  ...events(tx),
  ...callbacks(tx),
]

function queueChanges(tx: Tx): readonly Sql[] {
  const sums = new Map<string, { queued: number; running: number }>()
  for (const { queue, move } of tx.lanes.values()) {
    const [queued = 0, running = 0] = move.states
    const sum = sums.get(queue) ?? { queued: 0, running: 0 }
    sums.set(queue, { queued: sum.queued + queued, running: sum.running + running })
  }
  const rows = [...new Set([...sums.keys(), ...tx.queues.keys()])].flatMap((queue) => {
    const { queued = 0, running = 0 } = sums.get(queue) ?? {}
    const { claims = 0, tokens = null, refilledAt = null } = tx.queues.get(queue) ?? {}
    const isStill = queued === 0 && running === 0 && claims === 0 && refilledAt === null
    return isStill ? [] : [{ queue, queued, running, claims, tokens, refilled_at: refilledAt }]
  })
  if (rows.length === 0) return []
  const { source, values } = rowArrays(rows, [
    'queue',
    'queued',
    'running',
    'claims',
    'tokens',
    'refilled_at',
  ])
  return [
    {
      text: `UPDATE queue_state q SET queued = q.queued + c.queued, running = q.running + c.running,
          claims = q.claims + c.claims, tokens = coalesce(c.tokens, q.tokens),
          refilled_at = coalesce(c.refilled_at, q.refilled_at)
        FROM ${source} WHERE q.queue = c.queue`,
      values,
    },
  ]
}

const counters = ['ready', ...countedStates] as const

function laneChanges(tx: Tx): readonly Sql[] {
  const changes = [...tx.lanes.values()]
  const rows = changes.map(({ queue, owner, move, served, submitClock, wait }) => ({
    queue,
    owner,
    ready: move.ready,
    ...(Object.fromEntries(
      countedStates.map((state, index) => [state, move.states[index] ?? 0]),
    ) as Record<(typeof countedStates)[number], number>),
    served: served ?? null,
    submit_clock: submitClock ?? null,
    wait_reason: wait?.reason ?? null,
    wait_since: wait?.since ?? null,
  }))
  if (rows.length === 0) return []
  const { source, values } = rowArrays(rows, [
    'queue',
    'owner',
    ...counters,
    'served',
    'submit_clock',
    'wait_reason',
    'wait_since',
  ])
  const update = {
    text: `UPDATE lane l SET ${counters.map((name) => `${name} = l.${name} + c.${name}`).join(', ')},
        served = coalesce(c.served, l.served), submit_clock = coalesce(c.submit_clock, l.submit_clock),
        wait_reason = coalesce(c.wait_reason, l.wait_reason), wait_since = coalesce(c.wait_since, l.wait_since)
      FROM ${source} WHERE l.queue = c.queue AND l.owner = c.owner`,
    values,
  }
  const waits = changes.flatMap(({ queue, owner, wait }) =>
    wait === undefined ? [] : [{ queue, owner, ...wait }],
  )
  if (waits.length === 0) return [update]
  const newest = 'ON CONFLICT (queue, owner, since) DO UPDATE SET reason = excluded.reason'
  return [update, insertRows('lane_wait', waits, ['queue', 'owner', 'since', 'reason'], newest)]
}

function newJobs(tx: Tx): readonly Sql[] {
  const rows = [...tx.jobs.values()].flatMap(({ before, after }) => (before ? [] : [after]))
  const [first] = rows
  if (first === undefined) return []
  const columns = Object.keys(first) as (keyof JobRow)[]
  const { source, values } = rowArrays(rows, columns)
  const names = columns.join(', ')
  // seq comes from the column's own sequence: it was asked first, so that the answer is known before the COMMIT.
  const text = `INSERT INTO job (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${source}`
  return [{ text, values }]
}

const newTags = ({ tags }: Tx): readonly Sql[] =>
  tags.length === 0 ? [] : [insertRows('job_tag', tags, ['seq', 'tag', 'owner'])]

function jobChanges(tx: Tx): readonly Sql[] {
  const changed = new Set<keyof JobRow>()
  const rows: JobRow[] = []
  for (const { before, after } of tx.jobs.values()) {
    if (before === undefined || before === after) continue
    rows.push(after)
    for (const column of Object.keys(after) as (keyof JobRow)[])
      if (before[column] !== after[column]) changed.add(column)
  }
  if (rows.length === 0 || changed.size === 0) return []
  // In a fixed order, so that the same kind of change is the same text, prepared once.
  const columns = [...changed].sort()
  const { source, values } = rowArrays(rows, ['seq', ...columns])
  const set = columns.map((column) => `${column} = c.${column}`).join(', ')
  return [{ text: `UPDATE job SET ${set} FROM ${source} WHERE job.seq = c.seq`, values }]
}

function attemptsBegun(tx: Tx): readonly Sql[] {
  if (tx.begun.length === 0) return []
  const rows = tx.begun.map((row) => ({
    job_id: row.id,
    n: row.attempt,
    nonce: row.lease_nonce,
    worker: row.lease_worker,
    started_at: tx.now,
  }))
  return [insertRows('attempt', rows, ['job_id', 'n', 'nonce', 'worker', 'started_at'], twice(tx))]
}

/** `publishing` is not the end of an attempt yet; what is known of it already stays known. */
function attemptsEnded(tx: Tx): readonly Sql[] {
  const ends = new Map<string, (typeof tx.attemptEnds)[number]>()
  // Of two in one operation (publishing, then completed) the later says more.
  for (const one of tx.attemptEnds) {
    const earlier = ends.get(one.row.id)?.end.usage
    const usage = one.end.usage ?? earlier
    ends.set(one.row.id, usage === undefined ? one : { ...one, end: { ...one.end, usage } })
  }
  if (ends.size === 0) return []
  const rounded = (value: number | undefined) => (value === undefined ? null : Math.round(value))
  const rows = [...ends.values()].map(({ row, end: { outcome, problem, usage } }) => ({
    job_id: row.id,
    n: row.attempt,
    outcome,
    ended_at: outcome === 'publishing' ? null : tx.now,
    problem: problem === undefined ? null : JSON.stringify(problem),
    log_key: usage?.logKey ?? null,
    cpu_ms: rounded(usage?.cpuMs),
    peak_rss: rounded(usage?.peakRssBytes),
  }))
  const { source, values } = rowArrays(rows, [
    'job_id',
    'n',
    'outcome',
    'ended_at',
    'problem',
    'log_key',
    'cpu_ms',
    'peak_rss',
  ])
  return [
    {
      text: `UPDATE attempt a SET outcome = c.outcome, ended_at = c.ended_at, problem = c.problem,
          log_key = coalesce(c.log_key, a.log_key), cpu_ms = coalesce(c.cpu_ms, a.cpu_ms),
          peak_rss = coalesce(c.peak_rss, a.peak_rss)
        FROM ${source} WHERE a.job_id = c.job_id AND a.n = c.n`,
      values,
    },
  ]
}

const eventColumns: (keyof EventRow)[] = ['job_id', 'no', 'attempt', 'type', 'at', 'data']
const events = (tx: Tx): readonly Sql[] =>
  tx.events.length === 0 ? [] : [insertRows('job_event', tx.events, eventColumns, twice(tx))]

const callbackColumns: (keyof CallbackRow)[] = [
  'job_id',
  'owner',
  'event_no',
  'url',
  'origin',
  'body',
  'due_at',
  'created_at',
]
const callbacks = (tx: Tx): readonly Sql[] =>
  tx.callbacks.length === 0 ? [] : [insertRows('outbox', tx.callbacks, callbackColumns)]

/**
 * Beneath the queues' locks, the keys of these tables would refuse a second claim of the same attempt. To show that torture
 * notices the missing lock (tests only), that guard is off with it.
 */
const twice = ({ settings }: Tx): string => (settings.noQueueLock ? 'ON CONFLICT DO NOTHING' : '')
