import { createHash } from 'node:crypto'
import type { ValidationDetail } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { FileRef } from '../jobs/job.ts'
import { canonicalJson } from '../support/canonical-json.ts'
import { newId } from '../support/ids.ts'
import { inputSchemaOf, invalidRequest } from '../validation/index.ts'
import type { BatchRow, JobOfBatch } from './batch.ts'
import { itemNames } from './item-names.ts'
import { prepareItems, type ItemRules, type PreparedItem } from './prepare-items.ts'
import { readItems, type ItemSource } from './read-items.ts'

export interface NewBatch extends ItemRules {
  readonly owner: string
  readonly scope: Scope
  readonly source: ItemSource
  readonly job: JobOfBatch
  readonly idempotencyKey: string | undefined
  /** Has passed the outbound guard. */
  readonly callbackUrl: string | undefined
  readonly tags: readonly string[]
  /** Of the job that an item will be, where that is to be known at once. @default each gets one when it becomes a job */
  readonly newJobId?: () => string
}

export const maxItems = 100_000
/** Findings until the rest of a batch is not looked at any more. */
const maxMistakes = 100

/**
 * Writes every item, then opens the batch: before that nobody sees it, and what a crash leaves is deleted. One item that is
 * wrong refuses all. `created` is false when the idempotency key had made it before. Throws 'invalid-request',
 * 'batch-empty', 'batch-too-large', 'idempotency-conflict'.
 */
export async function createBatch(
  services: Services,
  batch: NewBatch,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const { database } = services
  const { idempotencyKey: key, owner } = batch
  const earlier = await earlierBatch(services, owner, key)
  if (earlier !== undefined) {
    // The same items again, looked at but not written, to know whether it is the same request.
    const { hash } = await eachChunk(services, batch, async () => {})
    return sameOrConflict(earlier, hash, key)
  }
  const id = newId('b')
  const { processor, parameters, job, callbackUrl = null } = batch
  const tags = batch.tags.length === 0 ? null : JSON.stringify(batch.tags)
  const common = [JSON.stringify(job), JSON.stringify(parameters), callbackUrl, tags]
  await database.write([
    { statement: 'batch.insert', params: [id, owner, processor.name, ...common] },
  ])
  try {
    const { total, hash } = await eachChunk(services, batch, (items, first) => {
      const rows = items.map(({ name, input }, index) => ({
        ...{ item: first + index, name },
        input: JSON.stringify(input),
        ...(batch.newJobId && { job_id: batch.newJobId() }),
      }))
      return database.write([{ statement: 'batch.add-items', params: [id, JSON.stringify(rows)] }])
    })
    const named = key === undefined ? [null, null] : [key, hash]
    try {
      await database.write([
        { statement: 'batch.open', params: [total, ...named, id], expectRows: 1 },
      ])
    } catch (error) {
      // Somebody opened one under the same key meanwhile.
      const other = await earlierBatch(services, owner, key)
      if (other === undefined) throw error
      await discard(services, id)
      return sameOrConflict(other, hash, key)
    }
    return { id, created: true }
  } catch (error) {
    await discard(services, id).catch(() => undefined)
    throw error
  }
}

const discard = ({ database }: Services, id: string) =>
  database.write([{ statement: 'batch.discard', params: [id] }])

/** Prepares all items in their order. The hash is of what they are, not of how they were named or sent. */
async function eachChunk(
  services: Services,
  batch: NewBatch,
  take: (items: readonly PreparedItem[], first: number) => Promise<void>,
): Promise<{ readonly total: number; readonly hash: string }> {
  const nameOf = itemNames()
  // Whether results may be found again is not what is asked for.
  const { reuse: _reuse, ...job } = batch.job
  const hash = createHash('sha256').update(
    canonicalJson([batch.processor.name, batch.parameters, job]),
  )
  const mistakes: ValidationDetail[] = []
  const fileFields = inputSchemaOf(batch.processor).fileFields.map(({ name }) => name)
  let total = 0
  for await (const chunk of readItems(services, batch.scope, batch.source)) {
    if (total + chunk.length > maxItems)
      throw new LonghaulError(
        'batch-too-large',
        `A batch has ${maxItems} items at most; make several of this one.`,
      )
    const items: PreparedItem[] = []
    for (const prepared of await prepareItems(services, batch.scope, batch, chunk)) {
      if (!prepared.ok) mistakes.push(...prepared.details)
      else items.push({ ...prepared.item, name: nameOf(prepared.item.name) })
    }
    if (mistakes.length >= maxMistakes) break
    for (const item of items) hash.update(canonicalJson(identityOf(item, fileFields)))
    if (mistakes.length === 0) await take(items, total + 1)
    total += chunk.length
  }
  if (mistakes.length > 0) throw invalidRequest(mistakes)
  if (total === 0)
    throw new LonghaulError('batch-empty', 'The batch has no items: nothing would be done.')
  return { total, hash: hash.digest('hex') }
}

/** A file sent again has another URI; where its digest is known, that is what it is. */
function identityOf({ name, input }: PreparedItem, fileFields: readonly string[]): unknown {
  const contentOf = (file: FileRef) =>
    file.sha256 === undefined ? file.uri : [file.name, file.size, file.sha256]
  const files = fileFields.map((field) =>
    [input[field] ?? []].flat().map((file) => contentOf(file as unknown as FileRef)),
  )
  const rest = Object.entries(input).filter(([field]) => !fileFields.includes(field))
  return [name, Object.fromEntries(rest), files]
}

type Earlier = Pick<BatchRow, 'id'> & { readonly idem_hash: string }

async function earlierBatch(
  { database }: Services,
  owner: string,
  key: string | undefined,
): Promise<Earlier | undefined> {
  if (key === undefined) return undefined
  return (await database.read<Earlier>('batch.of-key', [owner, key]))[0]
}

function sameOrConflict(earlier: Earlier, hash: string, key: string | undefined) {
  if (earlier.idem_hash === hash) return { id: earlier.id, created: false }
  throw new LonghaulError(
    'idempotency-conflict',
    `The idempotency key ${key} belongs to batch ${earlier.id}, which was submitted with other items.`,
    { facts: { batch_id: earlier.id } },
  )
}
