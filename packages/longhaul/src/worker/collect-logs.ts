import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { JobEngine } from '../jobs/engine.ts'

const atOnce = 500

/** Removes the logs on this host of jobs that are no more; whoever deleted those may have done so on another host. */
export async function collectLogs(
  dataDir: string,
  engine: Pick<JobEngine, 'get'>,
): Promise<readonly string[]> {
  const logs = path.join(dataDir, 'logs')
  const ids = await readdir(logs).catch(() => [])
  const removed: string[] = []
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids.slice(from, from + atOnce)
    const there = new Set((await engine.get(some, 'everyone')).map(({ id }) => id))
    for (const id of some) {
      if (there.has(id)) continue
      await rm(path.join(logs, id), { recursive: true, force: true })
      removed.push(id)
    }
  }
  return removed
}
