import { isLonghaulError } from '../errors/index.ts'
import type { JobStore, NewJob } from '../jobs/engine.ts'
import type { JsonObject } from '../support/json.ts'
import type { Activity } from '../support/activity.ts'
import { newId } from '../support/ids.ts'
import { tagsOf } from './batch-view.ts'
import { windowJobs, type BatchRow, type JobOfBatch, type PendingItemRow } from './batch.ts'
import { tendBatches, type TendParts } from './tend-batches.ts'

export interface FeederParts extends TendParts {
  readonly engine: Pick<JobStore, 'submit' | 'requestCancel'>
  readonly retentionMs: number | undefined
  readonly activity: Activity
}

/** So many in one transaction: SQLite has one writer, and others wait to write too. */
const chunkJobs = 100
const activeMs = 250
const idleMs = 1000
const tidyMs = 60_000

/**
 * Makes jobs of the items of every open batch, as those before them end. Every process does it: an item becomes a job in
 * the transaction that counts it, so that two who feed the same batch at once make no job twice.
 */
export function startFeedingBatches(parts: FeederParts): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const loop = (async () => {
    let tidiedAt = -Infinity
    while (!stopping.signal.aborted) {
      let isActive = false
      try {
        isActive = await feedAll(parts, stopping.signal)
        if (performance.now() - tidiedAt > tidyMs) {
          tidiedAt = performance.now()
          await tidy(parts)
        }
      } catch (error) {
        if (!isLonghaulError(error, 'unavailable'))
          parts.log.error({ err: error }, 'feeding batches failed, trying again')
      }
      if (isActive) parts.activity.note()
      await parts.activity.rest(isActive ? activeMs : idleMs, stopping.signal)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}

async function feedAll(parts: FeederParts, signal: AbortSignal): Promise<boolean> {
  const { database } = parts
  const tended = await tendBatches(parts, signal)
  const batches = await database.read<BatchRow>('batch.to-feed', [])
  for (const batch of batches) if (!signal.aborted) await feedBatch(parts, batch)
  return batches.length > 0 || tended
}

/** Fills the window of one batch, as far as its owner may have jobs queued. */
export async function feedBatch(
  { database, engine }: Pick<FeederParts, 'database' | 'engine'>,
  batch: BatchRow,
): Promise<void> {
  const [row] = await database.read<{ n: number }>('batch.unfinished', [batch.id])
  let room = windowJobs - (row?.n ?? 0)
  // Few at a time would cost a transaction each.
  if (room < windowJobs / 10) return
  let { fed } = batch
  while (room > 0 && fed < batch.total) {
    const count = Math.min(room, chunkJobs)
    const items = await database.read<PendingItemRow>('batch.pending', [batch.id, fed, count])
    const last = items.at(-1)?.item
    if (last === undefined) return
    try {
      await engine.submit(
        items.map((item) => jobOf(batch, item)),
        [
          { statement: 'batch.fed', params: [batch.id, fed, last], expectRows: 1 },
          { statement: 'batch.drop-items', params: [batch.id, last] },
        ],
      )
    } catch (error) {
      // Somebody else fed or cancelled it; or its owner has as many queued as may be, until some have started.
      if (isLonghaulError(error, 'write-conflict') || isLonghaulError(error, 'queue-full')) return
      throw error
    }
    fed = last
    room -= items.length
    await new Promise(setImmediate)
  }
}

function jobOf(batch: BatchRow, { item, name, input, job_id }: PendingItemRow): NewJob {
  const { reuse, ...job } = JSON.parse(batch.job) as JobOfBatch
  return {
    kind: 'processor',
    ...job,
    id: job_id ?? newId('j'),
    processor: batch.processor,
    owner: batch.owner,
    params: {
      input: JSON.parse(input) as JsonObject,
      item: { name },
      ...(reuse === undefined ? {} : { reuse }),
      ...(batch.tags === null ? {} : { tags: tagsOf(batch) }),
    },
    batch: { id: batch.id, item },
  }
}

/** What a crash left half written, and batches whose jobs retention has taken. */
async function tidy({ database, retentionMs }: FeederParts): Promise<void> {
  // A service that has nothing to do writes nothing.
  const unopened = await database.read('batch.unopened', [])
  if (unopened.length > 0)
    await database.write([{ statement: 'batch.forget-unopened', params: [] }])
  if (retentionMs !== undefined && Number.isFinite(retentionMs))
    await database.write([{ statement: 'batch.forget', params: [retentionMs] }])
}
