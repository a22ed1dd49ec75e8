import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'
import { PermanentError } from '../processor/index.ts'
import type { GreyImage } from './bin-output.ts'

const compress = promisify(deflate)
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** An 8-bit grey PNG. Floating-point values count from 0 to 1. */
export async function greyPng({ width, height, data }: GreyImage): Promise<Uint8Array> {
  if (width < 1 || height < 1 || data.length !== width * height)
    throw new PermanentError(
      `An image of ${width} × ${height} needs ${width * height} values, got ${data.length}.`,
    )
  const isBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray
  const grey = isBytes ? data : Uint8ClampedArray.from(data, (value) => value * 255)
  const rows = Buffer.alloc((width + 1) * height) // each begins with its filter: 0, none
  for (let y = 0; y < height; y++)
    rows.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.writeUInt8(8, 8)
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await compress(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(body.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  body.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(body), bytes.length - 4)
  return bytes
}
