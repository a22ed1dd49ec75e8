import * as zlib from 'node:zlib'
import * as yauzl from 'yauzl'
import { refusal } from './archive-refusal.ts'
import type { ArchiveLimits } from './archives.ts'
import type { Member } from './member.ts'
import type { OutputMeter } from './output-meter.ts'
import type { StoredBytes } from './stored-bytes.ts'
import { unpack, unpackedChunkBytes } from './unpack.ts'
import { openZip, type ZipDirectory, type ZipEntry } from './zip-directory.ts'

const stored = 0
const deflated = 8

/** The kind of file in the mode that Unix has, and what we call those that are none. */
const kindBits = 0o170000
const links = 0o120000
const special: readonly number[] = [0o020000, 0o060000, 0o010000, 0o140000]

/**
 * The entries of a zip, as its directory has them. None may lie within another's bytes: that is how a small zip unpacks to
 * petabytes. Sizes and CRC-32 are those of the bytes that come out.
 */
export async function* zipMembers(
  bytes: StoredBytes,
  { maxEntries }: Pick<ArchiveLimits, 'maxEntries'>,
  meter: OutputMeter,
): AsyncGenerator<Member> {
  const { entryCount } = await openZip(bytes)
  if (entryCount > maxEntries)
    throw refusal(
      'too-many-entries',
      `has ${entryCount} entries, more than the ${maxEntries} allowed`,
    )
  const offsets = await offsetsOf(await openZip(bytes), entryCount)
  const zip = await openZip(bytes)
  for await (const entry of zip.entries()) {
    const name = yauzl.getFileNameLowLevel(
      entry.generalPurposeBitFlag,
      entry.fileNameRaw,
      entry.extraFields,
      true,
    )
    checkKind(entry, name)
    const { start, end } = await zip.dataOf(entry, name)
    if (end > nextOffset(offsets, entry.relativeOffsetOfLocalHeader))
      throw refusal('overlap', 'lies within the bytes of another', name)
    if (!name.endsWith('/')) {
      const body = bodyOf(entry, name, bytes.range(start, end), meter)
      yield { kind: 'file', name, sizeBytes: entry.uncompressedSize, body }
    } else if (entry.uncompressedSize === 0) yield { kind: 'folder', name }
    else throw refusal('damaged', 'is a folder with bytes', name)
  }
}

/** Where the entries begin, in order: eight bytes each, so that a million of them are no matter. */
async function offsetsOf(zip: ZipDirectory, count: number): Promise<Float64Array> {
  const offsets = new Float64Array(count)
  let at = 0
  for await (const entry of zip.entries()) offsets[at++] = entry.relativeOffsetOfLocalHeader
  offsets.sort()
  const twice = offsets.findIndex((offset, index) => offset === offsets[index + 1])
  if (twice !== -1) throw refusal('overlap', 'has two entries with the same bytes')
  return offsets
}

/** The first one behind, by halves. */
function nextOffset(offsets: Float64Array, offset: number): number {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((offsets[middle] ?? Infinity) <= offset) low = middle + 1
    else high = middle
  }
  return offsets[low] ?? Infinity
}

function checkKind(entry: ZipEntry, name: string): void {
  const kind = (entry.externalFileAttributes >>> 16) & kindBits
  if (kind === links) throw refusal('link', 'is a symbolic link', name)
  if (special.includes(kind)) throw refusal('special-file', 'is a device, pipe or socket', name)
  if (entry.isEncrypted()) throw refusal('encrypted', 'is encrypted', name)
  const { compressionMethod: method } = entry
  if (method !== stored && method !== deflated)
    throw refusal('unsupported-method', `is compressed by method ${method}; use deflate`, name)
}

async function* bodyOf(
  entry: ZipEntry,
  name: string,
  packed: AsyncIterable<Uint8Array>,
  meter: OutputMeter,
): AsyncGenerator<Uint8Array> {
  const { compressedSize: packedBytes, uncompressedSize, compressionMethod } = entry
  const counted = countPacked(packed, meter)
  const unpacked =
    compressionMethod === deflated
      ? unpack(counted, zlib.createInflateRaw({ chunkSize: unpackedChunkBytes }), {
          packedBytes,
          entry: name,
        })
      : counted
  let crc = 0
  let size = 0
  for await (const chunk of unpacked) {
    meter.produced(chunk.byteLength, name)
    size += chunk.byteLength
    if (size > uncompressedSize) break
    crc = zlib.crc32(chunk, crc)
    yield chunk
  }
  if (size !== uncompressedSize)
    throw refusal('size', `is not of the ${uncompressedSize} bytes that it announces`, name)
  if (crc !== entry.crc32) throw refusal('checksum', 'has another CRC-32 than it announces', name)
}

async function* countPacked(
  packed: AsyncIterable<Uint8Array>,
  meter: OutputMeter,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of packed) {
    meter.consumed(chunk.byteLength)
    yield chunk
  }
}
