import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { LonghaulError } from '../errors/index.ts'
import type { BackupFile } from './manifest.ts'

export async function digestOf(file: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** Copies a file and says what was written: the digest is of the copy, whatever the source becomes meanwhile. */
export async function copyWithDigest(
  from: string,
  to: string,
): Promise<{ size: number; sha256: string }> {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  const counted = counting(hash)
  await pipeline(
    createReadStream(from),
    counted,
    createWriteStream(to, { mode: 0o600, flush: true }),
  )
  return { size: counted.bytes, sha256: hash.digest('hex') }
}

function counting(hash: Hash): Transform & { bytes: number } {
  const through = Object.assign(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        through.bytes += chunk.length
        done(null, chunk)
      },
    }),
    { bytes: 0 },
  )
  return through
}

/** Throws 'backup-unusable' naming the file that is not what the manifest says. */
export function expectSame(
  wanted: BackupFile,
  found: { readonly size: number; readonly sha256: string } | undefined,
): void {
  if (found === undefined)
    throw new LonghaulError('backup-unusable', `The backup has lost ${wanted.path}.`)
  if (found.size === wanted.size && found.sha256 === wanted.sha256) return
  throw new LonghaulError(
    'backup-unusable',
    `${wanted.path} of the backup is damaged: ${found.size} bytes with SHA-256 ${found.sha256.slice(0, 12)}…, it had ${wanted.size} with ${wanted.sha256.slice(0, 12)}….`,
  )
}

/** Undefined when there is no such file. */
export const digestOrNothing = (file: string) =>
  digestOf(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
