import { execFile } from 'node:child_process'
import { mkdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MiB = 1024 ** 2
const sizeMiB = 256

/** A small disk for the data directory. */
export interface Volume {
  readonly kind: string
  /** Below so much free room the service starts nothing. */
  readonly floorBytes: number
  close(): Promise<void>
}

/** A tmpfs where one may be mounted; else the disk that is there, with a floor just below what is free. */
export async function openVolume(folder: string): Promise<Volume> {
  await mkdir(folder, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=700`, 'longhaul-3am', folder])
  } catch {
    const { bavail, bsize } = await statfs(folder)
    const floorBytes = Math.floor((bavail * bsize) / MiB - 192) * MiB
    return { kind: 'what is left above the floor', floorBytes, close: async () => {} }
  }
  return {
    kind: `a file system of ${sizeMiB} MiB`,
    floorBytes: 64 * MiB,
    close: async () => {
      await run('umount', ['-l', folder])
    },
  }
}
