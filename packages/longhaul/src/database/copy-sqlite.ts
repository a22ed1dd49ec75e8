import { open, rename, rm } from 'node:fs/promises'
import { sqliteModule } from './sqlite-module.ts'

/**
 * Copies a database while others write to it: a connection of its own reads one snapshot, on a thread of its own, in one
 * step. (In several steps it would start again at every commit in between.) The copy appears under its name only when it
 * is whole and on the disk.
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const { DatabaseSync, backup } = sqliteModule()
  const unfinished = `${to}.partial`
  await rm(unfinished, { force: true })
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 })
  try {
    await backup(source, unfinished, { rate: 0x7fff_ffff })
    const file = await open(unfinished, 'r+')
    await file.sync().finally(() => file.close())
    await rename(unfinished, to)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    source.close()
  }
}
