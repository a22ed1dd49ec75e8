import { open } from 'node:fs/promises'
import type { Target } from './adc.ts'

/** An 8-bit grey image: `width * height` bytes, row-major (index = y * width + x), 0 black, 255 white. */
export interface GreyImage {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

/** Why one image cannot be read; the other images of the bin are not touched by it. */
export type UnreadableReason = 'truncated' | 'invalid-size' | 'too-large'

export class UnreadableRoi extends Error {
  readonly reason: UnreadableReason

  constructor(reason: UnreadableReason, message: string) {
    super(message)
    this.name = 'UnreadableRoi'
    this.reason = reason
  }
}

/** The camera's frame has 1.4 million pixels; a line that asks for more than this is damaged. */
export const maxPixels = 64 * 1024 * 1024

export interface RoiFile extends AsyncDisposable {
  /** Bytes. */
  readonly size: number
  /** Throws UnreadableRoi. */
  read(target: Target): Promise<GreyImage>
}

/**
 * Opens an .roi: images laid end to end without header, found only by the offsets of the .adc (old bins begin with one byte
 * that belongs to no image). Reads one range per image, so a file of any size needs the memory of one image.
 */
export async function openRoiFile(path: string): Promise<RoiFile> {
  const handle = await open(path, 'r')
  const { size } = await handle.stat()
  return {
    size,
    async read(target) {
      const { width, height, offset } = target
      const length = lengthWithin(size, target)
      const pixels = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(pixels, filled, length - filled, offset + filled)
        if (bytesRead === 0)
          throw new UnreadableRoi('truncated', `the .roi file shrank to ${offset + filled} bytes`)
        filled += bytesRead
      }
      return { width, height, pixels }
    },
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

/** The image where it lies in the bytes of an .roi; nothing is copied. Throws UnreadableRoi. */
export function imageIn(roi: Uint8Array, target: Target): GreyImage {
  const { width, height, offset } = target
  const pixels = roi.subarray(offset, offset + lengthWithin(roi.length, target))
  return { width, height, pixels }
}

/** How many bytes the image has in a file of `size` bytes. */
function lengthWithin(size: number, { width, height, offset }: Target): number {
  if (width < 0 || height < 0 || offset < 0)
    throw new UnreadableRoi(
      'invalid-size',
      `${width}x${height} at byte ${offset} is no place in a file`,
    )
  const length = width * height
  if (length > maxPixels)
    throw new UnreadableRoi('too-large', `${width}x${height} is more than any IFCB camera sees`)
  if (offset + length > size)
    throw new UnreadableRoi(
      'truncated',
      `needs bytes ${offset} to ${offset + length - 1}, the .roi file ends after ${size}`,
    )
  return length
}
