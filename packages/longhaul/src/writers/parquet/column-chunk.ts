import { promisify } from 'node:util'
import { constants, crc32, zstdCompress } from 'node:zlib'
import { kinds, physical, type Column } from './column.ts'
import type { KeptColumn } from './column-buffer.ts'
import { statisticsOf } from './column-statistics.ts'
import { ThriftStruct, varint } from './thrift.ts'

export type Compression = 'zstd' | 'none'

const codecs: Readonly<Record<Compression, number>> = { none: 0, zstd: 6 }
const zstd = promisify(zstdCompress)
/** More of it costs twice the time for a few hundredths of the size of measured data. */
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 1 }
const plain = 0
const rle = 3

/** One column of a row group, ready for its place in a file. */
export interface Chunk {
  readonly bytes: readonly Buffer[]
  readonly size: number
  readonly uncompressedSize: number
  /** Its entry in the footer, once it is known where the chunk begins. */
  metadataAt(offset: number): Buffer
}

/** A chunk is one page: a header, then levels and values together, compressed. */
export async function encodeChunk(
  column: Column,
  { levels, values }: KeptColumn,
  compression: Compression,
): Promise<Chunk> {
  const nulls = levels.length - countOnes(levels)
  const stored = kinds[column.kind].physical
  const page = Buffer.concat([
    encodeLevels(levels, nulls),
    stored === physical.boolean ? packBits(values) : values,
  ])
  const body = compression === 'zstd' ? await compressed(page) : page
  const header = pageHeader({ rows: levels.length, page: page.length, body })
  const size = header.length + body.length
  const uncompressedSize = header.length + page.length
  const statistics = statisticsOf(column, values, nulls)
  return {
    bytes: [header, body],
    size,
    uncompressedSize,
    metadataAt: (offset) =>
      new ThriftStruct()
        .i64(2, offset)
        .struct(
          3,
          new ThriftStruct()
            .i32(1, stored)
            .i32List(2, [plain, rle])
            .binaryList(3, [column.name])
            .i32(4, codecs[compression])
            .i64(5, levels.length)
            .i64(6, uncompressedSize)
            .i64(7, size)
            .i64(9, offset)
            .struct(12, statistics),
        )
        .toBytes(),
  }
}

/** With room for all of it at once: by the usual small pieces it would take a hundred trips to a thread. */
const compressed = (page: Buffer): Promise<Buffer> =>
  zstd(page, { params: zstdParams, chunkSize: page.length + 4096 })

function pageHeader(of: { rows: number; page: number; body: Buffer }): Buffer {
  const data = new ThriftStruct().i32(1, of.rows).i32(2, plain).i32(3, rle).i32(4, rle)
  return new ThriftStruct()
    .i32(1, 0)
    .i32(2, of.page)
    .i32(3, of.body.length)
    .i32(4, crc32(of.body) | 0)
    .struct(5, data)
    .toBytes()
}

/** One run where all rows are alike, else a bit for each; their length before them. */
function encodeLevels(levels: Buffer, nulls: number): Buffer {
  const alike = nulls === 0 || nulls === levels.length
  const runs = alike
    ? [varint(levels.length << 1), Buffer.of(nulls === 0 ? 1 : 0)]
    : [varint((Math.ceil(levels.length / 8) << 1) | 1), packBits(levels)]
  const length = Buffer.alloc(4)
  length.writeUInt32LE(runs.reduce((sum, run) => sum + run.length, 0))
  return Buffer.concat([length, ...runs])
}

/** Eight to a byte, the first lowest. */
function packBits(bits: Buffer): Buffer {
  const packed = Buffer.alloc(Math.ceil(bits.length / 8))
  for (let at = 0; at < bits.length; at++)
    if (bits[at] === 1) packed[at >> 3] = (packed[at >> 3] ?? 0) | (1 << (at & 7))
  return packed
}

function countOnes(levels: Buffer): number {
  let ones = 0
  for (const level of levels) ones += level
  return ones
}
