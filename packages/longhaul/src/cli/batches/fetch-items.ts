import path from 'node:path'
import type { Client } from '@longhaul/client'
import type { BatchItemView } from '@longhaul/protocol'
import type { Context } from '../command.ts'
import { fetchOutputs } from '../fetch-outputs.ts'

export interface ItemFetcher {
  /** How many items' outputs are here, verified. */
  readonly fetched: number
  /** Fetches what has completed since the last call. */
  fetchNew(): Promise<void>
  /** Fetches every item that has completed and is not here, wherever it stands. */
  fetchAll(): Promise<void>
}

/** Outputs of a batch as its items complete: `<folder>/<item>/<output>`. */
export function itemFetcher(
  client: Client,
  id: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  { cwd, output }: Pick<Context, 'cwd' | 'output'>,
): ItemFetcher {
  const here = new Set<number>()
  /** Every item up to this number has ended. Items start in their order: what is new lies close behind it. */
  let low = 0
  const fetch = async ({ item, name, outputs }: BatchItemView): Promise<void> => {
    if (here.has(item)) return
    signal.throwIfAborted()
    const below = path.resolve(folder, ...name.split('/'))
    await fetchOutputs(client, outputs, output, { folder: below, cwd, signal })
    here.add(item)
  }
  return {
    get fetched() {
      return here.size
    },
    async fetchNew() {
      let firstOpen: number | undefined
      let last = low
      for await (const item of client.batches.allItems(id, { cursor: String(low) })) {
        if (item.status === 'pending') break
        last = item.item
        if (item.status === 'completed') await fetch(item)
        else if (item.status !== 'failed' && item.status !== 'cancelled') firstOpen ??= item.item
      }
      low = firstOpen === undefined ? last : firstOpen - 1
    },
    async fetchAll() {
      for await (const item of client.batches.allItems(id, { status: ['completed'] }))
        await fetch(item)
    },
  }
}
