import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** No run directory's file begins like this: what a crash leaves of one that was being written. */
const unfinished = '.tmp-'

/** The whole file, or the one before: a reader at any time, and one after a crash, never sees half of it. */
export async function writeWhole(
  folder: string,
  name: string,
  bytes: string | AsyncIterable<string>,
): Promise<void> {
  const beside = path.join(folder, `${unfinished}${process.pid}-${name}`)
  try {
    await writeFile(beside, bytes)
    await rename(beside, path.join(folder, name))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw error
  }
}

/** Of whoever wrote here and was killed. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(unfinished)) await rm(path.join(folder, name), { force: true })
}
