import { LonghaulError } from '../errors/index.ts'
import type { MultipartUploads } from '../storage/index.ts'

const MiB = 1024 * 1024

/** How a file is cut: every part has `partBytes` bytes, the last one the rest. An empty file is one empty part. */
export interface PartLayout {
  readonly sizeBytes: number
  readonly partBytes: number
}

/**
 * The part size wanted, or a larger one where that many parts would not do: then a twentieth fewer than the store takes,
 * in whole MiB. Throws 'upload-too-large' for a size that no part size makes possible.
 */
export function layParts(
  sizeBytes: number,
  wantedBytes: number,
  limits: MultipartUploads['limits'],
): PartLayout {
  const wanted = Math.max(wantedBytes, limits.minPartBytes)
  const grown = Math.ceil(sizeBytes / Math.floor(limits.maxParts * 0.95) / MiB) * MiB
  const partBytes = Math.ceil(sizeBytes / wanted) <= limits.maxParts ? wanted : grown
  if (partBytes <= limits.maxPartBytes) return { sizeBytes, partBytes }
  throw new LonghaulError(
    'upload-too-large',
    `The store takes at most ${limits.maxParts} parts of ${limits.maxPartBytes} bytes; ${sizeBytes} bytes do not fit.`,
  )
}

export const partCountOf = ({ sizeBytes, partBytes }: PartLayout): number =>
  Math.max(1, Math.ceil(sizeBytes / partBytes))

/** What part n must have. */
export const partBytesOf = ({ sizeBytes, partBytes }: PartLayout, partNumber: number): number =>
  Math.min(partBytes, sizeBytes - (partNumber - 1) * partBytes)
