import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'

/**
 * The data directory, private to its owner. Step by step and not by a recursive mkdir, which never ends where the system
 * answers ENOENT for a parent that exists (`/proc`). Throws 'invalid-config'.
 */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
  } catch (cause) {
    const { code = 'it failed' } = cause as NodeJS.ErrnoException
    throw new LonghaulError(
      'invalid-config',
      `The data directory ${folder} cannot be made (${code}); name another with --data or LONGHAUL_DATA.`,
      { cause },
    )
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    await makeFolder(path.dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}
