import type { Pixels } from './modes.ts'

const headerBytes = 54

/** Windows bitmap, 24 bits a pixel, rows from the bottom up and padded to four bytes. */
export function bmpOf({ data, width, height, channels }: Pixels): Buffer {
  const rowBytes = Math.ceil((width * 3) / 4) * 4
  const bytes = Buffer.alloc(headerBytes + rowBytes * height)
  bytes.write('BM', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(headerBytes, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  bytes.writeUInt32LE(rowBytes * height, 34)
  bytes.writeInt32LE(2835, 38) // 72 dots per inch
  bytes.writeInt32LE(2835, 42)
  const grey = channels < 3
  for (let y = 0; y < height; y++) {
    let to = headerBytes + (height - 1 - y) * rowBytes
    for (let from = y * width * channels, x = 0; x < width; x++, from += channels) {
      bytes[to++] = data[grey ? from : from + 2] ?? 0
      bytes[to++] = data[grey ? from : from + 1] ?? 0
      bytes[to++] = data[from] ?? 0
    }
  }
  return bytes
}
