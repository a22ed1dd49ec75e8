import type { Member } from './archive-members.ts'

/** APPNOTE 6.3.10. From these on the field says "look into the ZIP64 record". */
const max32 = 0xffffffff
const max16 = 0xffff

type Head = Pick<Member, 'name' | 'sizeBytes' | 'modified'>
export interface ZipEntry extends Head {
  readonly crc: number
  /** Where its local header begins. */
  readonly offset: number
}

/** CRC and sizes follow the bytes (bit 3); names are UTF-8 (bit 11). */
const flags = 0x0808
const stored = 0
const plain = 20
const zip64 = 45

const isLarge = ({ sizeBytes }: Head): boolean => sizeBytes >= max32

export function localHeader(member: Head): Buffer {
  const name = Buffer.from(member.name)
  const extra = isLarge(member) ? zip64Extra([0, 0]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(isLarge(member) ? zip64 : plain, 4)
  writeCommon(header, 6, member, name, extra)
  if (isLarge(member)) header.fill(0xff, 18, 26)
  return Buffer.concat([header, name, extra])
}

export function dataDescriptor(entry: ZipEntry): Buffer {
  const descriptor = Buffer.alloc(isLarge(entry) ? 24 : 16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  descriptor.writeUInt32LE(entry.crc, 4)
  if (isLarge(entry)) {
    descriptor.writeBigUInt64LE(BigInt(entry.sizeBytes), 8)
    descriptor.writeBigUInt64LE(BigInt(entry.sizeBytes), 16)
  } else {
    descriptor.writeUInt32LE(entry.sizeBytes, 8)
    descriptor.writeUInt32LE(entry.sizeBytes, 12)
  }
  return descriptor
}

export function centralRecord(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name)
  const isFar = entry.offset >= max32
  const large = isLarge(entry) ? [entry.sizeBytes, entry.sizeBytes] : []
  const values = isFar ? [...large, entry.offset] : large
  const extra = values.length > 0 ? zip64Extra(values) : Buffer.alloc(0)
  const record = Buffer.alloc(46)
  record.writeUInt32LE(0x02014b50, 0)
  record.writeUInt16LE((3 << 8) | zip64, 4) // made on Unix, so that the mode below counts
  record.writeUInt16LE(extra.length > 0 ? zip64 : plain, 6)
  writeCommon(record, 8, entry, name, extra)
  record.writeUInt32LE(entry.crc, 16)
  record.writeUInt32LE(Math.min(entry.sizeBytes, max32), 20)
  record.writeUInt32LE(Math.min(entry.sizeBytes, max32), 24)
  record.writeUInt32LE((0o100644 << 16) >>> 0, 38)
  record.writeUInt32LE(Math.min(entry.offset, max32), 42)
  return Buffer.concat([record, name, extra])
}

/** `offset` and `sizeBytes`: of the directory. */
export function endRecords({
  count,
  offset,
  sizeBytes,
}: {
  readonly count: number
  readonly offset: number
  readonly sizeBytes: number
}): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Math.min(count, max16), 8)
  end.writeUInt16LE(Math.min(count, max16), 10)
  end.writeUInt32LE(Math.min(sizeBytes, max32), 12)
  end.writeUInt32LE(Math.min(offset, max32), 16)
  if (count < max16 && sizeBytes < max32 && offset < max32) return end
  const large = Buffer.alloc(56)
  large.writeUInt32LE(0x06064b50, 0)
  large.writeBigUInt64LE(44n, 4) // of what follows this field
  large.writeUInt16LE((3 << 8) | zip64, 12)
  large.writeUInt16LE(zip64, 14)
  large.writeBigUInt64LE(BigInt(count), 24)
  large.writeBigUInt64LE(BigInt(count), 32)
  large.writeBigUInt64LE(BigInt(sizeBytes), 40)
  large.writeBigUInt64LE(BigInt(offset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + sizeBytes), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([large, locator, end])
}

/** What local and central headers share, from the flags on; CRC and sizes stay 0. */
function writeCommon(header: Buffer, at: number, member: Head, name: Buffer, extra: Buffer): void {
  const { date, time } = dosTime(member.modified)
  header.writeUInt16LE(flags, at)
  header.writeUInt16LE(stored, at + 2)
  header.writeUInt16LE(time, at + 4)
  header.writeUInt16LE(date, at + 6)
  header.writeUInt16LE(name.length, at + 20)
  header.writeUInt16LE(extra.length, at + 22)
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length)
  extra.writeUInt16LE(0x0001, 0)
  extra.writeUInt16LE(8 * values.length, 2)
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index))
  return extra
}

/** In steps of two seconds since 1980; UTC, since the format knows no zones. */
function dosTime(at: Date): { readonly date: number; readonly time: number } {
  const year = Math.min(Math.max(at.getUTCFullYear(), 1980), 2107)
  return {
    date: ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  }
}
