import { createHash } from 'node:crypto'
import { open, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { ByteSource } from '../byte-source.ts'
import { TransferError } from '../errors.ts'

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
      `${file} changed while uploading (${changeOf(before, now)}); the same command sends the new file`,
    )
  }
  return {
    name: options.name ?? path.basename(file),
    size: before.size,
    // As the command line notes its uploads: either goes on with what the other began.
    identity: JSON.stringify([path.resolve(file), before.size, before.mtimeMs]),
    ...(options.type === undefined ? {} : { type: options.type }),
    slice: (start, end) => sliceStream(file, start, end, unchanged),
    sha256: async (signal) => {
      await using handle = await open(file)
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafeSlow(chunkBytes)
      for (let at = 0; at < before.size;) {
        signal?.throwIfAborted()
        const { bytesRead } = await handle.read(buffer, 0, chunkBytes, at)
        if (bytesRead === 0) break // shorter than it was: `unchanged` says so
        hash.update(buffer.subarray(0, bytesRead))
        at += bytesRead
      }
      await unchanged()
      return hash.digest('hex')
    },
  }
}

const chunkBytes = 64 * 1024

/** Read as it is asked for, without a queue: what waits to be sent is one chunk per part. */
function sliceStream(
  file: string,
  start: number,
  end: number,
  unchanged: () => Promise<void>,
): ReadableStream<Uint8Array> {
  let opened: Promise<FileHandle> | undefined
  let at = start
  const next = async (): Promise<Uint8Array | undefined> => {
    if (opened === undefined) await unchanged()
    const handle = await (opened ??= open(file))
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - at))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    at += bytesRead
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead)
  }
  // Also while it is still being opened: an upload may be given up at any moment.
  const close = async (): Promise<void> => (await opened)?.close()
  return new ReadableStream(
    {
      pull: async (controller) => {
        const chunk = at < end ? await next() : undefined
        if (chunk !== undefined) return controller.enqueue(chunk)
        await close()
        await unchanged()
        controller.close()
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
}

interface Version {
  readonly size: number
  readonly mtime: Date
}
/** What differs, as briefly as it can be told apart: `mtime 10:02 → 10:07`, else with seconds, else with the day. */
function changeOf(before: Version, now: Version): string {
  const size = before.size === now.size ? [] : [`${before.size} → ${now.size} bytes`]
  const times = [before, now].map(({ mtime }) => mtime)
  const texts = [shortTime, longTime].map((format) => times.map((at) => format.format(at)))
  const isOneDay = times[0]?.toDateString() === times[1]?.toDateString()
  const [from, to] = (isOneDay && texts.find(([a, b]) => a !== b)) || times.map(isoOf)
  return [...size, `mtime ${from} → ${to}`].join(', ')
}
const shortTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })
const longTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const isoOf = (at: Date): string => at.toISOString()
const reasonOf = (cause: unknown): string =>
  (cause as { code?: string }).code === 'ENOENT' ? 'no such file' : (cause as Error).message
