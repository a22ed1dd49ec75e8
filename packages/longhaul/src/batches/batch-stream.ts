import { isBatchFinished, type BatchItemView, type BatchView } from '@longhaul/protocol'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { drained } from '../support/server-sent-events.ts'

/** The last item that a client has heard of: in the order in which items ended. */
export interface Position {
  readonly at: number
  readonly item: number
}
export interface EndedItem {
  readonly at: number
  readonly view: BatchItemView
}
export interface BatchSource {
  /** Undefined: it has been deleted. */
  readonly read: () => Promise<BatchView | undefined>
  /** Items that ended after that, oldest first, a page at a time. */
  readonly endedAfter: (position: Position) => Promise<readonly EndedItem[]>
  /** Ends that became visible late may lie so far back. */
  readonly lookBackMs: number
}

const pollMs = 500
const heartbeatMs = 15_000
/** What has been told is remembered that long, at least. */
const rememberMs = 60_000

/**
 * Tells one client of a batch until it has ended: `batch` when its counts change, `item` when one has ended, at the last
 * `end`. An item may be told twice, after a reconnection or a retry; none is left out.
 */
export async function tellBatch(
  source: BatchSource,
  sink: Writable,
  from: Position,
  signal: AbortSignal,
): Promise<void> {
  let newest = from
  let said = ''
  const told = new Map<string, number>()
  // A client that reads nothing is cut off rather than remembered; it may come back with Last-Event-ID.
  let written = 0
  let toldAtBeat = -1
  const heartbeat = setInterval(() => {
    if (!sink.writableNeedDrain) sink.write(': alive\n\n')
    else if (toldAtBeat === written) sink.destroy()
    toldAtBeat = written
  }, heartbeatMs)

  const write = async (event: string, data: object, id?: string): Promise<void> => {
    if (sink.destroyed) return
    written += 1
    const isFull = !sink.write(
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    )
    if (isFull) await drained(sink)
  }
  const tellItems = async (lookBackMs: number): Promise<void> => {
    let position = lookBackMs === 0 ? newest : { at: newest.at - lookBackMs, item: 0 }
    while (!signal.aborted && !sink.destroyed) {
      const items = await source.endedAfter(position)
      for (const { at, view } of items) {
        position = { at, item: view.item }
        const key = idOf(position)
        if (told.has(key)) continue
        told.set(key, at)
        if (at > newest.at || (at === newest.at && view.item > newest.item)) newest = position
        await write('item', view, idOf(newest))
      }
      if (items.length === 0) break
      for (const [key, at] of told) if (at < newest.at - rememberMs) told.delete(key)
    }
  }

  try {
    while (!signal.aborted && !sink.destroyed) {
      const batch = await source.read()
      if (batch === undefined) return
      const isOver = isBatchFinished(batch.status)
      // After the counts were taken: what they count as ended is told before the end.
      await tellItems(source.lookBackMs * (isOver ? 10 : 1))
      const counts = JSON.stringify([batch.status, batch.counts])
      if (isOver) return await write('end', batch, `${idOf(newest)}.end`)
      if (counts !== said) await write('batch', batch)
      said = counts
      await sleep(pollMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    clearInterval(heartbeat)
    sink.end()
  }
}

const idOf = ({ at, item }: Position): string => `${at}.${item}`

/** Of a Last-Event-ID; anything else begins at the beginning. */
export function positionOf(id: string): Position & { readonly wasEnd: boolean } {
  const [, at = '0', item = '0', end] = /^(\d{1,15})\.(\d{1,15})(\.end)?$/.exec(id) ?? []
  return { at: Number(at), item: Number(item), wasEnd: end !== undefined }
}
