import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'

/** What `make-data.ts` left of the first version: a key of ana that is in force, and her jobs. */
export const oldKey = 'lh_3aea704c7996_VKTSybGU4vW9PdQ0E573RlApFpo8ZeFYJfQ803vDtS4'

/** Every job by the state in which the old service left it. */
export const oldJobs = {
  completed: ['completed', 'completed-of-bob'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  retry_wait: ['retry-wait'],
  running: ['running', 'running-cancel-requested', 'publishing'],
  queued: [
    'batch-of-ingest',
    'queued',
    'queued-last',
    'queued-of-bob',
    'queued-later',
    'queued-in-a-paused-queue',
    'queued-with-a-file',
  ],
} as const

export const oldSql = (dialect: 'sqlite' | 'postgres'): Promise<string> =>
  readFile(fileURLToPath(new URL(`./data/${dialect}-0003.sql`, import.meta.url)), 'utf8')

/** Lays out a data directory as the first version left it when its machine lost power. Answers the database's path. */
export async function layOldData(folder: string): Promise<string> {
  await layOldObjects(folder)
  const file = path.join(folder, 'longhaul.db')
  const db = new DatabaseSync(file)
  db.exec(await oldSql('sqlite'))
  db.close()
  return file
}

export async function layOldObjects(folder: string): Promise<void> {
  const text = await readFile(new URL('./data/objects.json', import.meta.url), 'utf8')
  for (const [name, content] of Object.entries(JSON.parse(text) as Record<string, string>)) {
    const file = path.join(folder, 'objects', name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}
