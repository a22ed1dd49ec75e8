import type { Connection, SqlValue } from '../../database/index.ts'
import type { JobFilter, JobStore, Page } from '../engine.ts'
import type { JobKind, JobState } from '../job.ts'
import { hasTags, taggedJobs } from '../tagged-jobs.ts'
import { selectWithProgress, showJobs, type JobRowWithProgress } from './show-job.ts'
import type { Engine } from './tx.ts'

const allStates: readonly JobState[] = [
  'queued',
  'running',
  'retry_wait',
  'paused',
  'completed',
  'failed',
  'cancelled',
]
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

export const get =
  (engine: Engine): JobStore['get'] =>
  async (ids, scope) => {
    const { reader } = engine.database
    const rows = ids.flatMap((id) => {
      const row = reader.get<JobRowWithProgress>(`${selectWithProgress} WHERE job.id = ?`, id)
      return row === undefined || (scope !== 'everyone' && row.owner !== scope.owner) ? [] : [row]
    })
    return showJobs(reader, rows)
  }

export const list =
  (engine: Engine): JobStore['list'] =>
  async (filter, page) => {
    const { reader } = engine.database
    const limit = Math.max(0, Math.trunc(page.limit))
    const found = seqsOf(reader, filter, page, limit + 1)
    const seqs = found.slice(0, limit)
    const rows = seqs.flatMap((seq) => {
      const row = reader.get<JobRowWithProgress>(`${selectWithProgress} WHERE job.seq = ?`, seq)
      return row === undefined ? [] : [row]
    })
    const last = seqs.at(-1)
    return {
      jobs: showJobs(reader, rows),
      ...totalOf(reader, filter),
      ...(found.length > limit && last !== undefined ? { next: last } : {}),
    }
  }

interface Range {
  readonly text: string
  readonly params: readonly SqlValue[]
}

/**
 * One index range per state (and kind), each newest first: a page never sorts and never reads what it does not show.
 * Only within one processor are kinds tested on the way; a processor has one or two.
 */
export function rangesOf(filter: JobFilter): readonly Range[] {
  if (hasTags(filter)) {
    const params: string[] = []
    return [{ text: taggedJobs(filter, (value) => (params.push(value), '?')), params }]
  }
  const { scope, processor } = filter
  const owner = scope === 'everyone' ? [] : [scope.owner]
  // Everything there is lies in the order of the table itself.
  if (
    scope === 'everyone' &&
    [processor, filter.states, filter.kinds].every((x) => x === undefined)
  )
    return [{ text: 'FROM job WHERE TRUE', params: [] }]
  const states = [...new Set(filter.states ?? allStates)]
  const kinds = [...new Set(filter.kinds ?? allKinds)]
  const byOwner = owner.length === 0 ? '' : 'owner = ? AND '
  if (processor === undefined) {
    const index = owner.length === 0 ? 'job_by_kind' : 'job_by_owner'
    const text = `FROM job INDEXED BY ${index} WHERE ${byOwner}kind = ? AND state = ?`
    return kinds.flatMap((kind) =>
      states.map((state) => ({ text, params: [...owner, kind, state] })),
    )
  }
  const index = owner.length === 0 ? 'job_by_processor' : 'job_by_owner_processor'
  const test = filter.kinds === undefined ? '' : ` AND kind IN (${kinds.map(() => '?').join(', ')})`
  const text = `FROM job INDEXED BY ${index} WHERE ${byOwner}processor = ? AND state = ?${test}`
  const tested = filter.kinds === undefined ? [] : kinds
  return states.map((state) => ({ text, params: [...owner, processor, state, ...tested] }))
}

export const pageOfRange = (range: string): string =>
  `SELECT seq ${range} AND seq < ? ORDER BY seq DESC LIMIT ?`

function seqsOf(reader: Connection, filter: JobFilter, page: Page, count: number): number[] {
  const offset = Math.max(0, Math.trunc(page.offset ?? 0))
  const before = page.before ?? Number.MAX_SAFE_INTEGER
  return rangesOf(filter)
    .flatMap(({ text, params }) =>
      reader
        .all<{ seq: number }>(pageOfRange(text), ...params, before, offset + count)
        .map((row) => row.seq),
    )
    .sort((a, b) => b - a)
    .slice(offset, offset + count)
}

function totalOf(reader: Connection, filter: JobFilter) {
  const { scope, states = allStates, kinds, processor } = filter
  if (kinds === undefined && processor === undefined && !hasTags(filter)) {
    const sum = [...new Set(states)].join(' + ') || '0'
    const where = scope === 'everyone' ? '' : ' WHERE owner = ?'
    const params = scope === 'everyone' ? [] : [scope.owner]
    const row = reader.get<{ n: number }>(
      `SELECT coalesce(sum(${sum}), 0) AS n FROM lane${where}`,
      ...params,
    )
    return { total: row?.n ?? 0, totalIsEstimate: false }
  }
  let total = 0
  for (const { text, params } of rangesOf(filter)) {
    const row = reader.get<{ n: number }>(
      `SELECT count(*) AS n FROM (SELECT 1 ${text} LIMIT ?)`,
      ...params,
      exactTotal + 1 - total,
    )
    total += row?.n ?? 0
    if (total > exactTotal) return { total: exactTotal, totalIsEstimate: true }
  }
  return { total, totalIsEstimate: false }
}
