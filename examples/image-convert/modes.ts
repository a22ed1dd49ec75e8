import sharp, { type Sharp } from 'sharp'

/** Pillow's names of how pixels are stored. */
export const modes: readonly string[] = ['RGB', 'RGBA', 'L', 'LA', '1', 'P', 'CMYK']

export interface Pixels {
  readonly data: Buffer
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

/** Changed as Pillow changes them: grey by its whole-number weights, transparency left out rather than blended. */
export async function pixelsInMode(source: Sharp, mode: string): Promise<Pixels> {
  const { data, info } = await source
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return change({ data, width, height }, mode)
}

/** As a source to encode from. */
export function imageOf({ data, width, height, channels }: Pixels): Sharp {
  const image = sharp(data, { raw: { width, height, channels } })
  return channels < 3 ? image.toColourspace('b-w') : image
}

interface Rgba {
  readonly data: Buffer
  readonly width: number
  readonly height: number
}

function change({ data, width, height }: Rgba, mode: string): Pixels {
  const size = { width, height }
  if (mode === 'RGBA') return { ...size, data, channels: 4 }
  if (mode === 'L' || mode === 'LA' || mode === '1') {
    const channels = mode === 'LA' ? 2 : 1
    const grey = Buffer.alloc(width * height * channels)
    for (let from = 0, to = 0; from < data.length; from += 4, to += channels) {
      const value = luma(data[from] ?? 0, data[from + 1] ?? 0, data[from + 2] ?? 0)
      grey[to] = mode === '1' ? (value >= 128 ? 255 : 0) : value
      if (channels === 2) grey[to + 1] = data[from + 3] ?? 255
    }
    return { ...size, data: grey, channels }
  }
  const rgb = Buffer.alloc(width * height * 3)
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from] ?? 0
    rgb[to + 1] = data[from + 1] ?? 0
    rgb[to + 2] = data[from + 2] ?? 0
  }
  return { ...size, data: rgb, channels: 3 }
}

/** ITU-R 601-2 in whole numbers, as Pillow rounds it. */
export const luma = (red: number, green: number, blue: number): number =>
  (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
