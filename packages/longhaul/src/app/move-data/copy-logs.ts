import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Storage } from '../../storage/object-store.ts'
import { storeLog } from '../../worker/index.ts'

/** Logs of attempts lie beside the database of one machine; where there are many they lie in the store. Answers how many. */
export async function copyLogs(dataDir: string, to: Pick<Storage, 'put'>): Promise<number> {
  const root = path.join(dataDir, 'logs')
  let copied = 0
  for (const jobId of await readdir(root).catch(() => [])) {
    for (const name of await readdir(path.join(root, jobId))) {
      // `3.log` is whole or a log's head; the pieces beside it are read with it.
      const attempt = /^(\d+)\.log$/.exec(name)?.[1]
      if (attempt === undefined) continue
      const file = path.join(root, jobId, name)
      await storeLog(to, file, { jobId, attempt: Number(attempt) })
      copied += 1
    }
  }
  return copied
}
