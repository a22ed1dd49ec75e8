import { crc32, deflateRawSync } from 'node:zlib'

/** One entry, with whatever is to be wrong about it. */
export interface ZipEntryFixture {
  readonly name: string | Buffer
  readonly data?: string | Buffer
  /** @default deflated */
  readonly stored?: boolean
  readonly method?: number
  readonly flags?: number
  /** Of Unix, with the kind of file. @default 0o100644 */
  readonly mode?: number
  readonly crc?: number
  readonly sizeBytes?: number
  readonly packed?: Buffer
  /** In the header before the data, where that is to differ. */
  readonly localName?: string
  /** In the directory, where that is to differ. */
  readonly offset?: number
  readonly packedBytes?: number
}

/** A zip, byte by byte: no library makes one that is wrong. */
export function zip(
  entries: readonly ZipEntryFixture[],
  {
    comment = '',
    count = entries.length,
  }: { readonly comment?: string; readonly count?: number } = {},
): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const entry of entries) {
    const { method = entry.stored ? 0 : 8, flags = 0x800, mode = 0o100644 } = entry
    const data = Buffer.from(entry.data ?? '')
    const name = Buffer.from(entry.name as string)
    const packed = entry.packed ?? (method === 8 ? deflateRawSync(data) : data)
    const fields = Buffer.alloc(24)
    fields.writeUInt16LE(flags, 0)
    fields.writeUInt16LE(method, 2)
    fields.writeUInt32LE(entry.crc ?? crc32(data), 8)
    fields.writeUInt32LE(entry.packedBytes ?? packed.length, 12)
    fields.writeUInt32LE(entry.sizeBytes ?? data.length, 16)
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName)
    const local = Buffer.concat([words(0x04034b50, 20), fields, localName, packed])
    local.writeUInt16LE(localName.length, 26)
    const central = Buffer.concat([
      words(0x02014b50, 0x031e),
      Buffer.from([20, 0]),
      fields,
      Buffer.alloc(14),
      name,
    ])
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE((mode << 16) >>> 0, 38)
    central.writeUInt32LE(entry.offset ?? at, 42)
    locals.push(local)
    directory.push(central)
    at += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(at, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)])
}

function words(signature: number, version: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt32LE(signature, 0)
  bytes.writeUInt16LE(version, 4)
  return bytes
}

/**
 * Many entries whose data is one kernel: each has the headers of all that follow it as a stored block before it, so that
 * every one of them unpacks properly (after D. Fifield, "A better zip bomb").
 */
export function overlappingZip(count: number, kernelBytes: number): Buffer {
  const kernel = Buffer.alloc(kernelBytes)
  const packedKernel = deflateRawSync(kernel)
  const files: { name: string; header: Buffer; data: Buffer; packed: Buffer }[] = []
  for (let index = count - 1; index >= 0; index--) {
    const next = files[0]
    const data = next === undefined ? kernel : Buffer.concat([next.header, next.data])
    const quoted = next && storedBlock(next.header)
    const packed = next && quoted ? Buffer.concat([quoted, next.header, next.packed]) : packedKernel
    const name = `f${index}`
    const header = zip([{ name, packed, data }]).subarray(0, 30 + name.length)
    files.unshift({ name, header: Buffer.from(header), data, packed })
  }
  const [first] = files
  if (first === undefined) throw new Error('no files')
  // Offsets: each header begins 5 bytes (the block's own header) and one file header behind the one before.
  let offset = 0
  const entries = files.map(({ name, header, data, packed }) => {
    const entry = { name, data, packedBytes: packed.length, offset }
    offset += header.length + 5
    return entry
  })
  const body = Buffer.concat([first.header, first.packed])
  const built = zip(entries.map((entry) => ({ ...entry, packed: Buffer.alloc(0) })))
  const directoryAt = built.readUInt32LE(built.length - 6)
  const end = Buffer.from(built.subarray(built.length - 22))
  end.writeUInt32LE(body.length, 16)
  return Buffer.concat([body, built.subarray(directoryAt, built.length - 22), end])
}

function storedBlock(bytes: Buffer): Buffer {
  const block = Buffer.alloc(5)
  block.writeUInt16LE(bytes.length, 1)
  block.writeUInt16LE(~bytes.length & 0xffff, 3)
  return block
}
