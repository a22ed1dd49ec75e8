import { text } from 'node:stream/consumers'
import type { JobEngine } from '../jobs/engine.ts'
import { isTerminal, type JobId } from '../jobs/job.ts'
import type { ObjectStore } from '../storage/index.ts'

interface Parts {
  readonly engine: Pick<JobEngine, 'get'>
  readonly storage: ObjectStore
}

/** An object for each extraction that has begun to store files, there before the first of them. Its content is their prefix. */
const notesPrefix = 'extractions/'
const pageSize = 500

export const noteKeyOf = (jobId: JobId): string => `${notesPrefix}${jobId}`

/**
 * Removes what extractions left that ended otherwise than well: cancelled while no attempt ran, killed for the last time,
 * gone with their job. Those that run, or will, are left alone.
 */
export async function tidyExtractions({ engine, storage }: Parts): Promise<number> {
  let removed = 0
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = await storage.list(notesPrefix, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    const ids = page.objects.map(({ key }) => key.slice(notesPrefix.length))
    const jobs = ids.length === 0 ? [] : await engine.get(ids, 'everyone')
    const states = new Map(jobs.map(({ id, state }) => [id, state]))
    for (const id of ids) {
      const state = states.get(id)
      if (state !== undefined && !isTerminal(state)) continue
      if (state !== 'completed') {
        await removeExtraction(storage, id)
        removed++
      } else await storage.delete([noteKeyOf(id)])
    }
    after = page.next
    isLast = after === undefined
  }
  return removed
}

/** All files of one extraction, and its note. Again, it is no error. */
export async function removeExtraction(storage: ObjectStore, jobId: JobId): Promise<void> {
  const prefix = await prefixIn(storage, noteKeyOf(jobId))
  if (prefix === undefined) return
  for (;;) {
    const { objects } = await storage.list(`${prefix}/`, { limit: pageSize })
    if (objects.length === 0) break
    await storage.delete(objects.map(({ key }) => key))
  }
  await storage.delete([noteKeyOf(jobId)])
}

async function prefixIn(storage: ObjectStore, key: string): Promise<string | undefined> {
  if ((await storage.head(key)) === undefined) return undefined
  return text((await storage.get(key)).body)
}
