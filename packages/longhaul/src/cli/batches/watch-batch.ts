import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError, type Client } from '@longhaul/client'
import { isBatchFinished, type BatchStatus, type BatchView } from '@longhaul/protocol'
import type { Context } from '../command.ts'
import { DeadlinePassed, exitCode, Interrupted, type ExitCode } from '../exit-code.ts'
import { batchLine } from '../format/batch-line.ts'
import { shortId } from '../format/job-line.ts'
import { count } from '../format/quantity.ts'
import { itemFetcher } from './fetch-items.ts'

const pollMs = 1000
/** How long a service may be away before it counts as unreachable. */
const patienceMs = 60_000

/** Follows a batch to its end, fetching outputs on the way where a folder is given; then says what came of it. */
export async function watchBatch(
  client: Client,
  id: string,
  { folder, signal }: { readonly folder: string | undefined; readonly signal: AbortSignal },
  context: Pick<Context, 'cwd' | 'output'>,
): Promise<ExitCode> {
  const { output } = context
  const lineOf = batchLine()
  const fetcher =
    folder === undefined ? undefined : itemFetcher(client, id, { folder, signal }, context)
  const fetched = (): string => (fetcher ? ` · ${count(fetcher.fetched)} fetched` : '')
  try {
    const batch = await untilEnded(client, id, signal, async (newest) => {
      output.live(lineOf(newest) + fetched())
      await fetcher?.fetchNew()
    })
    await fetcher?.fetchAll()
    output.settle()
    output.say(`  ${lineOf(batch)}${fetched()}`)
    if (batch.counts.failed > 0)
      output.say(`  longhaul failed ${shortId(id)} · longhaul retry ${shortId(id)} --failed`)
    output.object('batch', batch)
    return exitCodeOfBatch(batch.status)
  } catch (error) {
    output.settle()
    const ways = `longhaul watch ${id} · longhaul cancel ${id}`
    if (error instanceof Interrupted) throw new Interrupted(`Detached, work goes on.  ${ways}`)
    if (error instanceof DeadlinePassed)
      throw new DeadlinePassed(`The deadline has passed, work goes on.  ${ways}`)
    throw error
  }
}

async function untilEnded(
  client: Client,
  id: string,
  signal: AbortSignal,
  tell: (batch: BatchView) => Promise<void>,
): Promise<BatchView> {
  let awaySince: number | undefined
  for (;;) {
    try {
      const batch = await client.batches.get(id, { signal })
      await tell(batch)
      awaySince = undefined
      if (isBatchFinished(batch.status)) return batch
    } catch (error) {
      signal.throwIfAborted()
      awaySince ??= Date.now()
      if (!(error instanceof UnreachableError) || Date.now() - awaySince > patienceMs) throw error
    }
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

const codes: Partial<Record<BatchStatus, ExitCode>> = {
  completed: exitCode.done,
  some_failed: exitCode.someFailed,
  cancelled: exitCode.cancelled,
}
export const exitCodeOfBatch = (status: BatchStatus): ExitCode => codes[status] ?? exitCode.failed
