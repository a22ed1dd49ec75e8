import { crc32, deflateSync } from 'node:zlib'
import type { GreyImage } from './roi.ts'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** A PNG of colour type 0 and 8 bits: every byte of the image comes back when it is decoded (ISO/IEC 15948). */
export function encodePng({ width, height, pixels }: GreyImage): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8 // bits; colour type, compression, filter and interlace stay 0
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered(width, height, pixels), { level: 6 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Every row as its difference from the row above (filter 2): sensor noise is what remains, and it packs best so. */
function filtered(width: number, height: number, pixels: Uint8Array): Buffer {
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    const to = y * (width + 1)
    rows[to] = 2
    for (let x = 0; x < width; x++) {
      const above = y === 0 ? 0 : pixels[(y - 1) * width + x]!
      rows[to + 1 + x] = pixels[y * width + x]! - above
    }
  }
  return rows
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
