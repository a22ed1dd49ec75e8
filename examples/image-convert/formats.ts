import type { Sharp } from 'sharp'
import { bmpOf } from './bmp.ts'
import type { Pixels } from './modes.ts'

export interface Converted {
  readonly bytes: Buffer
  readonly mediaType: string
  readonly extension: string
}
interface Format {
  readonly name: string
  /** What it can hold. Nothing is dropped unasked: a client that wants no transparency says so by `mode`. */
  readonly modes: readonly string[]
}
type Encoder = Format &
  (
    | { encode(image: Sharp, mode: string): Promise<Converted> }
    | { write(pixels: Pixels): Converted }
  )

function encoder(
  name: string,
  modes: string,
  encode: (image: Sharp, mode: string) => Sharp,
  extension = name.toLowerCase(),
): Encoder {
  return {
    name,
    modes: modes.split(' '),
    encode: async (image, mode) => ({
      bytes: await encode(image, mode).toBuffer(),
      mediaType: `image/${name.toLowerCase()}`,
      extension,
    }),
  }
}

const jpeg = encoder('JPEG', 'RGB L 1 P CMYK', (image) => image.jpeg({ quality: 75 }), 'jpg')
const tiff = encoder('TIFF', 'RGB RGBA L LA 1 P CMYK', (image) =>
  image.tiff({ compression: 'lzw' }),
)
const bmp: Encoder = {
  name: 'BMP',
  modes: ['RGB', 'L', '1', 'P'],
  write: (pixels) => ({ bytes: bmpOf(pixels), mediaType: 'image/bmp', extension: 'bmp' }),
}

/** By the name that a request gives; the type of the answer is the registered one, whatever the request called it. */
export const encoders: Readonly<Record<string, Encoder>> = {
  JPEG: jpeg,
  JPG: jpeg,
  PNG: encoder('PNG', 'RGB RGBA L LA 1 P', (image, mode) => image.png({ palette: mode === 'P' })),
  WEBP: encoder('WEBP', 'RGB RGBA L LA 1 P', (image) => image.webp()),
  GIF: encoder('GIF', 'RGB RGBA L LA 1 P', (image) => image.gif()),
  TIFF: tiff,
  TIF: tiff,
  AVIF: encoder('AVIF', 'RGB RGBA L LA 1 P', (image) => image.avif({ effort: 2 })),
  BMP: bmp,
}
