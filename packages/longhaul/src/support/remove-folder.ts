import { lstatSync } from 'node:fs'
import { readdir, rm, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'

/**
 * As `rm -rf`, with half the calls where nothing is in the way: what a folder holds is known from reading it. Everything
 * else is left to `rm`: that there is none, that somebody adds or removes meanwhile. It throws what cannot be removed.
 */
export async function removeFolder(folder: string): Promise<void> {
  // Most attempts in this process never made theirs: to ask here costs a twentieth of a failure elsewhere.
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return
  try {
    await removeKnown(folder)
  } catch (error) {
    const { code, path: at } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && at === folder) return
    await rm(folder, { recursive: true, force: true })
  }
}

async function removeKnown(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name)
    // A link is no folder, wherever it leads.
    if (entry.isDirectory()) await removeKnown(inside)
    else await unlink(inside)
  }
  await rmdir(folder)
}
