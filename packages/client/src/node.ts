import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { DownloadSink } from './download-output.ts'
import { TransferError } from './errors.ts'
import type { Hasher } from './sha256.ts'
import type { ByteSource } from './upload-source.ts'

/** Node's own SHA-256, several times faster than the portable one. */
export function nodeSha256(): Hasher {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digestHex: () => hash.digest('hex') }
}

/**
 * A file of this computer as something to upload. It is read in slices as parts go out, and hashed at the same time; a
 * file that changes meanwhile fails the upload instead of arriving mixed.
 */
export async function fileSource(
  file: string,
  options: { readonly name?: string; readonly type?: string } = {},
): Promise<ByteSource> {
  const before = await stat(file).catch((cause: unknown) => {
    throw new TransferError('local', `Cannot read ${file}: ${reasonOf(cause)}`, { cause })
  })
  if (!before.isFile()) throw new TransferError('local', `${file} is not a file; nothing was sent`)
  const unchanged = async (): Promise<void> => {
    const now = await stat(file)
    if (now.size === before.size && now.mtimeMs === before.mtimeMs) return
    throw new TransferError(
      'source-changed',
      `${file} changed while uploading (${describe(before)} → ${describe(now)}); the same command sends the new file`,
    )
  }
  async function* bytes(start: number, end: number): AsyncGenerator<Uint8Array> {
    await unchanged()
    if (end > start) {
      for await (const chunk of createReadStream(file, {
        start,
        end: end - 1,
        highWaterMark: 256 * 1024,
      })) {
        yield chunk as Uint8Array
      }
    }
    await unchanged()
  }
  return {
    name: options.name ?? path.basename(file),
    size: before.size,
    ...(options.type === undefined ? {} : { type: options.type }),
    slice: (start, end) => Readable.toWeb(Readable.from(bytes(start, end))) as ReadableStream,
    sha256: async (signal) => {
      const hash = createHash('sha256')
      for await (const chunk of bytes(0, before.size)) {
        signal?.throwIfAborted()
        hash.update(chunk)
      }
      return hash.digest('hex')
    },
  }
}

const describe = (of: { size: number; mtime: Date }): string =>
  `${of.size} bytes, ${of.mtime.toISOString()}`
const reasonOf = (cause: unknown): string =>
  (cause as { code?: string }).code === 'ENOENT' ? 'no such file' : (cause as Error).message

export interface FileSink extends DownloadSink {
  /** Bytes are on the disk when it resolves. */
  close(): Promise<void>
}

/** Writes a download to `file`; what an earlier download left there is kept, and the rest asked for. */
export async function fileSink(file: string): Promise<FileSink> {
  const handle = await open(file, 'a')
  return {
    async *kept() {
      for await (const chunk of createReadStream(file)) yield chunk as Uint8Array
    },
    write: async (chunk) => {
      await handle.appendFile(chunk)
    },
    reset: () => truncate(file, 0),
    close: async () => {
      await handle.sync()
      await handle.close()
    },
  }
}
