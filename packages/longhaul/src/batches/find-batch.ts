import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { BatchRow } from './batch.ts'

/** The batch that a URL names. Others' batches, and those of another processor than the URL's, are not there. */
export async function findBatch(
  { database }: Pick<Services, 'database'>,
  { scope, params }: { readonly scope: Scope; readonly params: unknown },
): Promise<BatchRow> {
  const { id, processor } = params as { id: string; processor?: string }
  const isPossible = !id.includes('\0')
  const [batch] = isPossible ? await database.read<BatchRow>('batch.get', [id]) : []
  const isTheirs = batch !== undefined && (scope === 'everyone' || scope.owner === batch.owner)
  if (batch && isTheirs && (processor === undefined || processor === batch.processor)) return batch
  throw new LonghaulError('batch-not-found', `Batch ${id.slice(0, 128)} not found`)
}
