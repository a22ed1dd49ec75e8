import { crc32, inflateSync } from 'node:zlib'

export interface Grey {
  readonly width: number
  readonly height: number
  readonly pixels: Buffer
}

/** Decodes an 8-bit grey PNG without interlace (ISO/IEC 15948), with any filters and any chunks around it. Throws a sentence. */
export function decodePng(png: Buffer): Grey {
  if (png.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('not a PNG')
  const chunks: { type: string; data: Buffer }[] = []
  for (let at = 8; at < png.length;) {
    if (at + 12 > png.length) throw new Error('ends inside a chunk')
    const length = png.readUInt32BE(at)
    if (at + 12 + length > png.length) throw new Error('ends inside a chunk')
    const body = png.subarray(at + 4, at + 8 + length)
    if (crc32(body) !== png.readUInt32BE(at + 8 + length)) throw new Error('wrong CRC of a chunk')
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) })
    at += 12 + length
  }
  const header = chunks[0]?.type === 'IHDR' ? chunks[0].data : undefined
  if (header?.length !== 13 || chunks.at(-1)?.type !== 'IEND') throw new Error('no IHDR or IEND')
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  if (header.toString('hex', 8) !== '0800000000') throw new Error('not 8-bit grey')

  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
  const rows = inflateSync(packed)
  if (rows.length !== height * (width + 1)) throw new Error('wrong number of pixels')
  const pixels = Buffer.alloc(width * height)
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)]!
    if (filter === 0) {
      rows.copy(pixels, y * width, y * (width + 1) + 1, (y + 1) * (width + 1))
      continue
    }
    for (let x = 0; x < width; x++) {
      const left = x > 0 ? pixels[y * width + x - 1]! : 0
      const above = y > 0 ? pixels[(y - 1) * width + x]! : 0
      const corner = x > 0 && y > 0 ? pixels[(y - 1) * width + x - 1]! : 0
      const predicted = predict(filter, left, above, corner)
      pixels[y * width + x] = rows[y * (width + 1) + 1 + x]! + predicted
    }
  }
  return { width, height, pixels }
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return above
  if (filter === 3) return (left + above) >> 1
  if (filter !== 4) throw new Error(`unknown filter ${filter}`)
  const estimate = left + above - corner
  const [a, b, c] = [
    Math.abs(estimate - left),
    Math.abs(estimate - above),
    Math.abs(estimate - corner),
  ]
  if (a <= b && a <= c) return left
  return b <= c ? above : corner
}
