import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'

/** No call takes so long: what is older was left by a process that was killed. */
const staleMs = 3_600_000

/** Where the files of calls lie, without those of a service that ended in the middle of some. */
export async function openFilesFolder(dataDir: string): Promise<string> {
  const folder = path.join(dataDir, 'actions')
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    // Not mtime: a link has that of the object.
    const { ctimeMs } = await lstat(file).catch(() => ({ ctimeMs: Date.now() }))
    if (Date.now() - ctimeMs > staleMs) await rm(file, { recursive: true, force: true })
  }
  return folder
}
