import * as zlib from 'node:zlib'
import { extract, type Extract, type Header } from 'tar-stream'
import { isLonghaulError } from '../errors/index.ts'
import { refusal } from './archive-refusal.ts'
import type { ArchiveFormat } from './archives.ts'
import type { Member } from './member.ts'
import type { OutputMeter } from './output-meter.ts'
import type { StoredBytes } from './stored-bytes.ts'
import { unpack, unpackedChunkBytes, type Unpacker } from './unpack.ts'

const blockBytes = 512
/** What zstd itself takes without being asked; a larger window is memory that the sender chooses. */
const zstdWindowLog = 27

/** The entries of a tar as they come: files and folders, and nothing else that a tar can hold. */
export async function* tarMembers(
  bytes: StoredBytes,
  format: Exclude<ArchiveFormat, 'zip'>,
  meter: OutputMeter,
): AsyncGenerator<Member> {
  const parser = extract()
  const end = { isEmpty: false }
  const feeding = feed(parser, watchEnd(countOut(unpackTar(bytes, format, meter), meter), end))
  try {
    for await (const entry of parser) {
      const { name, size: sizeBytes } = entry.header
      const kind = kindOf(entry.header)
      if (kind === 'folder') yield { kind, name }
      else yield { kind, name, sizeBytes, body: bodyOf(entry as AsyncIterable<Uint8Array>) }
    }
  } catch (error) {
    throw ofParser(error)
  } finally {
    parser.destroy()
    await feeding
  }
  if (!end.isEmpty)
    throw refusal('truncated', 'ends without the empty blocks that are the end of a tar')
}

async function* bodyOf(entry: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* entry
  } catch (error) {
    throw ofParser(error)
  }
}

function kindOf(header: Header): Member['kind'] {
  const { type, name, size } = header
  if (type === 'symlink' || type === 'link') throw refusal('link', 'is a link', name)
  const isSparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse'))
  if (isSparse) throw refusal('special-file', 'is sparse; make the tar without --sparse', name)
  if (type === 'directory' && size === 0) return 'folder'
  if (type === 'directory') throw refusal('damaged', 'is a folder with bytes', name)
  if (type === 'file' || type === 'contiguous-file') return 'file'
  throw refusal('special-file', 'is neither a file nor a folder', name)
}

function unpackTar(
  bytes: StoredBytes,
  format: Exclude<ArchiveFormat, 'zip'>,
  meter: OutputMeter,
): AsyncIterable<Uint8Array> {
  const packed = countIn(bytes.range(0), meter)
  if (format === 'tar') return packed
  const unpacker: Unpacker =
    format === 'tar.gz'
      ? zlib.createGunzip({ chunkSize: unpackedChunkBytes })
      : zlib.createZstdDecompress({
          chunkSize: unpackedChunkBytes,
          params: { [zlib.constants.ZSTD_d_windowLogMax]: zstdWindowLog },
        })
  return unpack(packed, unpacker, { packedBytes: bytes.sizeBytes })
}

/** Never rejects: what goes wrong ends the parser. */
async function feed(parser: Extract, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let wake: () => void = () => {}
  for (const event of ['drain', 'close'] as const) parser.on(event, () => wake())
  try {
    for await (const chunk of bytes) {
      if (parser.destroyed) return
      const written = parser.write(chunk)
      if (!written && !parser.destroyed) await new Promise<void>((resolve) => (wake = resolve))
    }
    parser.end(undefined)
  } catch (error) {
    parser.destroy(error as Error)
  }
}

async function* countIn(bytes: AsyncIterable<Uint8Array>, meter: OutputMeter) {
  for await (const chunk of bytes) {
    meter.consumed(chunk.byteLength)
    yield chunk
  }
}

async function* countOut(bytes: AsyncIterable<Uint8Array>, meter: OutputMeter) {
  for await (const chunk of bytes) {
    meter.produced(chunk.byteLength)
    yield chunk
  }
}

/** Whether the last block is empty. */
async function* watchEnd(bytes: AsyncIterable<Uint8Array>, end: { isEmpty: boolean }) {
  let zeros = 0
  for await (const chunk of bytes) {
    const last = chunk.findLastIndex((byte) => byte !== 0)
    zeros = last === -1 ? zeros + chunk.byteLength : chunk.byteLength - 1 - last
    end.isEmpty = zeros >= blockBytes
    yield chunk
  }
}

function ofParser(error: unknown): unknown {
  if (isLonghaulError(error) || !(error instanceof Error)) return error
  if (/end of data/i.test(error.message)) return refusal('truncated', 'ends in the middle')
  if (/header/i.test(error.message))
    return refusal('damaged', 'is no tar that can be read, or something else follows it')
  return error
}
