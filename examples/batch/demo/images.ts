import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

const size = 32

/** What the service must find in an image, known because we drew it. */
export interface Truth {
  readonly name: string
  readonly bright: number
  readonly maskSha256: string
}

/** Image `n`: a dark field with a bright disc, never the same twice, always the same for the same number. */
function draw(n: number): Buffer {
  const pixels = Buffer.alloc(size * size, 10 + (n % 100))
  const [x, y, radius] = [5 + (n % 23), 5 + ((n >> 3) % 23), 1 + (n % 5)]
  for (let at = 0; at < pixels.length; at++) {
    const [dx, dy] = [(at % size) - x, Math.floor(at / size) - y]
    if (dx * dx + dy * dy <= radius * radius) pixels[at] = 200
  }
  // A number in its corner, too dark to count, so that no two files are equal.
  pixels.writeUInt32LE(n & 0x7f7f7f7f & 0x3f3f3f3f, 0)
  return pixels
}

function truthOf(name: string, pixels: Buffer): Truth {
  const mask = [...pixels].map((value) => (value >= 128 ? 1 : 0))
  const text = `P1\n${size} ${size}\n${mask.join(' ')}\n`
  return {
    name,
    bright: mask.reduce<number>((sum, one) => sum + one, 0),
    maskSha256: createHash('sha256').update(text).digest('hex'),
  }
}

const pgm = (pixels: Buffer, width = size, height = size): Buffer =>
  Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels])

/** Writes so many images, `plate-07/w0712.pgm`; number `bomb` promises 30,000 × 30,000 pixels and has none of them. */
export async function writeImages(
  folder: string,
  count: number,
  bomb: number | undefined,
): Promise<ReadonlyMap<string, Truth>> {
  const truths = new Map<string, Truth>()
  for (let n = 0; n < count; n++) {
    const name = `plate-${String(Math.floor(n / 100)).padStart(2, '0')}/w${String(n).padStart(4, '0')}.pgm`
    const file = path.join(folder, name)
    if (n % 100 === 0) await mkdir(path.dirname(file), { recursive: true })
    const pixels = draw(n)
    truths.set(name, truthOf(name, pixels))
    await writeFile(file, n === bomb ? pgm(pixels, 30_000, 30_000) : pgm(pixels))
  }
  return truths
}

/** The image that the bomb should have been. */
export const writeHarmless = (folder: string, name: string, n: number): Promise<void> =>
  writeFile(path.join(folder, name), pgm(draw(n)))
