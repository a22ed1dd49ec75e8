import { readFile } from 'node:fs/promises'
import { parseAdc, type Adc, type Target } from './adc.ts'
import type { BinFiles } from './bin-files.ts'
import { roiIdOf } from './bin-id.ts'
import { parseHeader, type Header } from './hdr.ts'
import { openRoiFile, UnreadableRoi, type GreyImage, type UnreadableReason } from './roi.ts'
import { planStitching, stitch, unionOf, type PlannedRoi, type Rectangle } from './stitch.ts'

export interface ReadOptions {
  /** Join the overlapping images of old bins, as every archive does. New bins are never stitched. @default true */
  readonly stitch?: boolean
}

export async function readHeader(files: BinFiles): Promise<Header> {
  return parseHeader(await readFile(files.hdr, 'latin1'))
}

export async function readAdc(files: BinFiles): Promise<Adc> {
  return parseAdc(await readFile(files.adc, 'latin1'), files.bin.style)
}

/** Which images come out of a bin, ascending by number. */
export function planRois(files: BinFiles, adc: Adc, options: ReadOptions = {}): PlannedRoi[] {
  return files.bin.style === 'I' && (options.stitch ?? true)
    ? planStitching(adc.targets)
    : adc.targets.map((target) => ({ target }))
}

/** One image of a bin, or why it cannot be read. `place` is its rectangle in the camera's frame, in pixels. */
export type Roi = {
  readonly id: string
  readonly target: Target
  /** The target that was pasted over it. */
  readonly second?: Target
  readonly place: Rectangle
} & (
  | { readonly kind: 'image'; readonly image: GreyImage }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason; readonly detail: string }
)

/**
 * Reads the planned images one after the other; memory holds one of them. A bin whose .roi is cut short loses only the images
 * that lie past its end (the reference gives up the whole bin). A stitched image needs both of its parts: half a picture
 * under a whole one's number would be wrong without saying so.
 */
export async function* readRois(
  files: BinFiles,
  planned: Iterable<PlannedRoi>,
): AsyncGenerator<Roi, void, undefined> {
  await using roiFile = await openRoiFile(files.roi)
  for (const { target, second } of planned) {
    const id = roiIdOf(files.bin.id, target.number)
    const place = second ? unionOf(target, second) : target
    const known = { id, target, place, ...(second ? { second } : {}) }
    try {
      const first = await roiFile.read(target)
      const image = second ? stitch(target, first, second, await roiFile.read(second)) : first
      yield { ...known, kind: 'image', image }
    } catch (error) {
      if (!(error instanceof UnreadableRoi)) throw error
      yield { ...known, kind: 'unreadable', reason: error.reason, detail: error.message }
    }
  }
}
