import sharp from 'sharp'
import { foregroundOf } from './segment.ts'

/** What is answered instead of a picture. */
export class Refused extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

const maxPixels = 16e6
const maxSide = 16_384

async function pixelsOf(bytes: Buffer) {
  const open = () => sharp(bytes, { limitInputPixels: maxPixels })
  try {
    const { width, height } = await open().metadata()
    if (width > maxSide || height > maxSide || width * height > maxPixels)
      throw new Refused(413, `The image has ${width} × ${height} pixels.`)
    const upright = open().rotate().toColourspace('srgb').ensureAlpha()
    return await upright.raw().toBuffer({ resolveWithObject: true })
  } catch (error) {
    if (error instanceof Refused) throw error
    if (/pixel limit/i.test((error as Error).message))
      throw new Refused(413, 'The image is too large.')
    throw new Refused(415, 'That is no image that can be read.')
  }
}

/** The picture as a PNG whose background is transparent. */
export async function cutOut(bytes: Buffer): Promise<Buffer> {
  const { data, info } = await pixelsOf(bytes)
  const { width, height } = info
  const alpha = foregroundOf({ width, height, data })
  for (let at = 0; at < alpha.length; at++)
    data[at * 4 + 3] = Math.min(alpha[at] ?? 0, data[at * 4 + 3] ?? 0)
  return sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

/** A red disc before a pale, uneven wall; every name gives another picture. */
export async function drawSample(name: string, size = 48): Promise<Buffer> {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7)
  const middle = size / 2 + (seed % 5) - 2
  const radius = size / 4 + (seed % 3)
  const data = Buffer.alloc(size * size * 3)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const isDisc = Math.hypot(x - middle, y - middle) <= radius
      const grain = (x * 7 + y * 13 + seed) % 9
      data.set(isDisc ? [200 + grain, 30, 40] : [214 + grain, 222, 228 - grain], (y * size + x) * 3)
    }
  return sharp(data, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer()
}
