import { ActionError } from 'longhaul'
import { open } from 'node:fs/promises'
import sharp, { type Metadata } from 'sharp'
import { encoders, type Converted } from './formats.ts'
import { imageOf, modes, pixelsInMode } from './modes.ts'
import { typeOfImage } from './type-of-image.ts'

// One image at a time in each process, and several processes: more threads would only be in each other's way.
sharp.concurrency(1)
sharp.cache(false)

/** Beyond these an image is a bomb, or a mistake: 64 million pixels are 256 MB in memory. */
const maxPixels = 64_000_000
const maxSide = 65_000

export interface Wanted {
  readonly target_format: string
  readonly mode?: string | null | undefined
}

/** The image at `path` in another format and, where one is named, another mode. */
export async function convert(path: string, wanted: Wanted): Promise<Converted> {
  const encoder = encoders[wanted.target_format.toUpperCase()]
  if (encoder === undefined)
    throw new ActionError(
      400,
      `Unknown format ${wanted.target_format.slice(0, 40)}; there is ${Object.keys(encoders).join(', ')}`,
    )
  const mode = wanted.mode || undefined
  if (mode !== undefined && !modes.includes(mode))
    throw new ActionError(400, `Unknown mode ${mode.slice(0, 40)}; there is ${modes.join(', ')}`)
  await refuseOthers(path)
  try {
    const found = await metadataOf(path)
    const named = mode ?? modeOf(found)
    if (!encoder.modes.includes(named))
      throw new ActionError(
        400,
        `Cannot write mode ${named} as ${encoder.name}; it takes ${encoder.modes.join(', ')}`,
      )
    const source = sharp(path, { limitInputPixels: maxPixels, failOn: 'truncated' })
    // Nothing to change: pixels go from decoder to encoder as they are.
    if ('encode' in encoder && mode === undefined) return await encoder.encode(source, named)
    if ('encode' in encoder && mode === 'CMYK')
      return await encoder.encode(source.toColourspace('cmyk'), named)
    const pixels = await pixelsInMode(source, named)
    return 'encode' in encoder
      ? await encoder.encode(imageOf(pixels), named)
      : encoder.write(pixels)
  } catch (error) {
    if (error instanceof ActionError) throw error
    // The decoder's own words; whatever they are, the image is the reason.
    throw new ActionError(400, `Cannot read the image: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** By its first bytes. What only looks like an image to a library, such as SVG, which may name other files, is none here. */
async function refuseOthers(path: string): Promise<void> {
  const head = Buffer.alloc(32)
  const file = await open(path)
  try {
    await file.read(head, 0, head.length, 0)
  } finally {
    await file.close()
  }
  if (typeOfImage(head) === undefined)
    throw new ActionError(400, 'Cannot read the image: it is no JPEG, PNG, WebP, GIF, TIFF or AVIF')
}

async function metadataOf(path: string): Promise<Metadata> {
  const found = await sharp(path, { limitInputPixels: false }).metadata()
  const { width, height } = found
  if (width * height > maxPixels || Math.max(width, height) > maxSide)
    throw new ActionError(
      413,
      `The image has ${width} x ${height} pixels; at most ${maxPixels} in all and ${maxSide} on a side are read`,
    )
  return found
}

/** In Pillow's words, which clients know. */
function modeOf({ space, channels, hasAlpha, isPalette }: Metadata): string {
  if (isPalette && !hasAlpha) return 'P'
  if (space === 'cmyk') return 'CMYK'
  if (channels <= 2) return hasAlpha ? 'LA' : 'L'
  return hasAlpha ? 'RGBA' : 'RGB'
}
