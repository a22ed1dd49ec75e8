import type { Readable } from 'node:stream'
import type { Services } from '../../app/services.ts'
import { isLonghaulError } from '../../errors/index.ts'
import type { JobParams, JobResult } from '../../jobs/job.ts'
import { keyOfUri } from '../../storage/index.ts'
import type { BatchRow } from '../batch.ts'
import { eachItemJob } from '../list-items.ts'

/** A file of an archive. Its bytes must be read to their end before the next one is asked for. */
export interface Member {
  readonly name: string
  readonly sizeBytes: number
  readonly modified: Date
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Outputs of all items that have completed, `<item>/<output>`. What is deleted meanwhile is left out. */
export async function* membersOf(
  { database, storage }: Pick<Services, 'database' | 'storage'>,
  batch: BatchRow,
): AsyncGenerator<Member> {
  for await (const rows of eachItemJob({ database }, batch, { statuses: ['completed'] })) {
    for (const row of rows) {
      const { item } = JSON.parse(row.params) as JobParams
      const { outputs } = JSON.parse(row.result ?? '{"outputs":[]}') as JobResult
      for (const output of outputs) {
        const bytes = await open(storage, output.uri)
        if (bytes === undefined) continue
        yield {
          name: `${item?.name ?? row.batch_item}/${output.name}`,
          sizeBytes: output.size,
          modified: new Date(row.completed_at ?? row.created_at),
          bytes: exactly(output.size, bytes),
        }
      }
    }
  }
}

async function open(storage: Services['storage'], uri: string): Promise<Readable | undefined> {
  try {
    return (await storage.get(keyOfUri(uri, storage.bucket))).body
  } catch (error) {
    if (isLonghaulError(error, 'object-not-found')) return undefined
    throw error
  }
}

/** The size stands before the bytes in an archive: other bytes than announced would shift all that follows. */
async function* exactly(sizeBytes: number, body: Readable): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    seen += chunk.length
    yield chunk
  }
  if (seen !== sizeBytes)
    throw new Error(`An output has ${seen} bytes where ${sizeBytes} are known`)
}
