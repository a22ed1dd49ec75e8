import { randomUUID } from 'node:crypto'
import type { Services } from '../app/services.ts'
import { createBatch, feedBatch, findBatch } from '../batches/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { Priority } from '../jobs/job.ts'
import type { FoundOperation } from './find-operation.ts'
import { assetField } from './operation.ts'
import type { AssetsSaid } from './parse-assets.ts'

interface Started {
  readonly batchId: string
  /** Of the jobs, in the order of the URLs. */
  readonly flowIds: readonly string[]
}

/**
 * Makes a native batch of the assets: all of them or none. Their jobs are named before they are there, so that the caller
 * knows them however many there are. What a URL tells by itself is refused at once: 'outbound-refused'.
 */
export async function startAssets(
  services: Services,
  { processor }: FoundOperation,
  { urls, parameters, ...said }: AssetsSaid,
  who: { readonly owner: string; readonly scope: Scope },
  priority?: Priority,
): Promise<Started> {
  const { database, log, outbound } = services
  for (const url of urls) outbound.check(url)
  const { name, version, queue = name, max_attempts: maxFailures } = processor
  const { id, created } = await createBatch(services, {
    ...who,
    processor,
    parameters,
    field: undefined,
    source: {
      kind: 'list',
      items: urls.map((url) => ({ input: { [assetField]: url }, name: itemName(url) })),
    },
    job: {
      kind: 'operation',
      queue,
      version,
      ...(maxFailures === undefined ? {} : { maxFailures }),
      ...(priority === undefined ? {} : { priority }),
    },
    idempotencyKey: said.idempotencyKey,
    callbackUrl: said.callbackUrl,
    tags: [],
    // As the older clients know them.
    newJobId: randomUUID,
  })
  const mine = { params: { id }, scope: { owner: who.owner } }
  if (created)
    await feedBatch(services, await findBatch(services, mine)).catch((error: unknown) =>
      log.warn({ err: error, batch_id: id }, 'its first jobs come later'),
    )
  const rows = await database.read<{ id: string }>('batch.job-ids', [id])
  return { batchId: id, flowIds: rows.map((row) => row.id) }
}

/** What a path may hold of it; the URL may carry a secret behind it. */
const itemName = (url: string): string => new URL(url).pathname.slice(1, 900) || 'asset'
