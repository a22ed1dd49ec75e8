import type { PostgresDatabase } from '../../database/postgres/index.ts'
import type { JobFilter, JobStore, Page } from '../engine.ts'
import type { JobKind, JobState } from '../job.ts'
import { countedStates } from '../rules/index.ts'
import { hasTags, taggedJobs } from '../tagged-jobs.ts'
import { selectWithProgress, showJobs, type JobRowWithProgress } from './show-job.ts'
import type { Engine } from './tx.ts'

const allKinds: readonly JobKind[] = [
  'batch',
  'processor',
  'callable',
  'operation',
  'upload',
  'typed',
]
/** Beyond this, a total that no counter knows is an estimate. */
const exactTotal = 10_000

export const jobsById = `${selectWithProgress} WHERE job.id = ANY ($1)`
const jobsBySeq = `${selectWithProgress} WHERE job.seq = ANY ($1) ORDER BY job.seq DESC`

export const get =
  (engine: Engine): JobStore['get'] =>
  async (ids, scope) => {
    // PostgreSQL's text cannot hold NUL: no job has such a name, and asking for one would be an error.
    const possible = ids.filter((id) => !id.includes('\0'))
    if (possible.length === 0) return []
    const rows = await engine.database.query<JobRowWithProgress>(jobsById, [possible])
    const byId = new Map(rows.map((row) => [row.id, row]))
    return showJobs(
      engine.database,
      ids.flatMap((id) => {
        const row = byId.get(id)
        return row === undefined || (scope !== 'everyone' && row.owner !== scope.owner) ? [] : [row]
      }),
    )
  }

export const list =
  (engine: Engine): JobStore['list'] =>
  async (filter, page) => {
    const { database } = engine
    const limit = Math.max(0, Math.trunc(page.limit))
    const [found, total] = await Promise.all([
      seqsOf(database, filter, page, limit + 1),
      totalOf(database, filter),
    ])
    const seqs = found.slice(0, limit)
    const last = seqs.at(-1)
    const rows =
      last === undefined ? [] : await database.query<JobRowWithProgress>(jobsBySeq, [seqs])
    return {
      jobs: await showJobs(database, rows),
      ...total,
      ...(found.length > limit && last !== undefined ? { next: last } : {}),
    }
  }

/**
 * One index range per state (and kind), each newest first: a page never reads what it does not show. Only within one
 * processor are kinds tested on the way; a processor has one or two. Running jobs are few, and in none of these indexes: a
 * claim would have to write all of them. `$1` and `$2` are the states and kinds of the ranges.
 */
function rangesOf(filter: JobFilter) {
  const { scope, processor } = filter
  const states = [...new Set(filter.states ?? countedStates)]
  const kinds = [...new Set(filter.kinds ?? allKinds)]
  const values: unknown[] = []
  const tests: string[] = []
  const test = (text: string, value: unknown): void => {
    values.push(value)
    tests.push(text.replace('?', `$${values.length + 2}`))
  }
  if (scope !== 'everyone') test('owner = ?', scope.owner)
  if (processor !== undefined) test('processor = ?', processor)
  const ofAll = [...tests]
  const perKind = processor === undefined
  // A parameter that no part of the query has is an error.
  const tested = !perKind || states.includes('running')
  if (filter.kinds !== undefined && tested) test('kind = ANY (?)', kinds)
  const ranges = states.flatMap((state): { state: JobState; kind: JobKind | null }[] => {
    if (state === 'running') return []
    return perKind ? kinds.map((kind) => ({ state, kind })) : [{ state, kind: null }]
  })
  const ofRange = [...(perKind ? [...ofAll, 'kind = r.kind'] : tests), 'state = r.state']
  return {
    /** What `select` finds in each range, and among the running jobs. */
    each: (select: (from: string, where: string) => string): string => {
      const range = select('job', [...ofRange, `state <> 'running'`].join(' AND '))
      // Not one with the conditions around it: it is read whole, by its own small index.
      const running = `(SELECT * FROM job WHERE state = 'running' OFFSET 0) job`
      return [
        `SELECT s.* FROM unnest($1::text[], $2::text[]) AS r (state, kind) CROSS JOIN LATERAL (${range}) s`,
        ...(states.includes('running')
          ? [`(${select(running, ['true', ...tests].join(' AND '))})`]
          : []),
      ].join(' UNION ALL ')
    },
    values: [ranges.map(({ state }) => state), ranges.map(({ kind }) => kind), ...values],
  }
}

/** Everything there is lies in the order of the table's own key. */
const isEverything = ({ scope, states, kinds, processor, tags }: JobFilter): boolean =>
  scope === 'everyone' &&
  !tags?.length &&
  [states, kinds, processor].every((one) => one === undefined)

function tagged(filter: JobFilter): { readonly text: string; readonly values: readonly unknown[] } {
  const values: string[] = []
  return { text: taggedJobs(filter, (value) => `$${values.push(value)}`), values }
}

export function pageText(filter: JobFilter): { text: string; values: readonly unknown[] } {
  if (isEverything(filter))
    return {
      text: 'SELECT seq FROM job WHERE seq < $1 ORDER BY seq DESC OFFSET $3 LIMIT $2 - $3',
      values: [],
    }
  if (hasTags(filter)) {
    const { text, values } = tagged(filter)
    const [before, most, skip] = [1, 2, 3].map((n) => `$${values.length + n}`)
    return {
      text: `SELECT t.seq ${text} AND t.seq < ${before}
        ORDER BY t.seq DESC OFFSET ${skip} LIMIT ${most}::bigint - ${skip}::bigint`,
      values,
    }
  }
  const { each, values } = rangesOf(filter)
  const [before, most, skip] = [1, 2, 3].map((n) => `$${values.length + n}`)
  const found = each(
    (from, where) =>
      `SELECT seq FROM ${from} WHERE ${where} AND seq < ${before} ORDER BY seq DESC LIMIT ${most}`,
  )
  return {
    text: `SELECT seq FROM (${found}) found
      ORDER BY seq DESC OFFSET ${skip} LIMIT ${most}::bigint - ${skip}::bigint`,
    values,
  }
}

async function seqsOf(
  database: PostgresDatabase,
  filter: JobFilter,
  page: Page,
  count: number,
): Promise<readonly number[]> {
  const skip = Math.max(0, Math.trunc(page.offset ?? 0))
  const before = page.before ?? Number.MAX_SAFE_INTEGER
  const { text, values } = pageText(filter)
  const rows = await database.query<{ seq: number }>(text, [...values, before, skip + count, skip])
  return rows.map(({ seq }) => seq)
}

export function countText(filter: JobFilter): { text: string; values: readonly unknown[] } {
  if (hasTags(filter)) {
    const { text, values } = tagged(filter)
    return {
      text: `SELECT count(*) AS n FROM (SELECT 1 ${text} LIMIT ${exactTotal + 1}) counted`,
      values,
    }
  }
  const { each, values } = rangesOf(filter)
  const found = each(
    (from, where) => `SELECT 1 FROM ${from} WHERE ${where} LIMIT ${exactTotal + 1}`,
  )
  return {
    text: `SELECT count(*) AS n FROM (SELECT 1 FROM (${found}) found LIMIT ${exactTotal + 1}) counted`,
    values,
  }
}

async function totalOf(database: PostgresDatabase, filter: JobFilter) {
  const { scope, states = countedStates, kinds, processor } = filter
  if (kinds === undefined && processor === undefined && !hasTags(filter)) {
    const sum = [...new Set(states)].join(' + ') || '0'
    const [row] = await database.query<{ n: number }>(
      `SELECT coalesce(sum(${sum}), 0)::bigint AS n FROM lane${scope === 'everyone' ? '' : ' WHERE owner = $1'}`,
      scope === 'everyone' ? [] : [scope.owner],
    )
    return { total: row?.n ?? 0, totalIsEstimate: false }
  }
  const { text, values } = countText(filter)
  const [row] = await database.query<{ n: number }>(text, values)
  const total = row?.n ?? 0
  return total > exactTotal
    ? { total: exactTotal, totalIsEstimate: true }
    : { total, totalIsEstimate: false }
}
