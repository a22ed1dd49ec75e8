import type { ByteSource } from '../byte-source.ts'
import { UploadError } from './errors.ts'
import type { Bin } from './send-ingest.ts'

/** The files of a bin by their extensions: `{ '.adc': file, '.roi': file, '.hdr': file }`. */
export type BinFiles = Readonly<Record<string, ByteSource>>

export const defaultExtensions = ['.adc', '.roi', '.hdr'] as const

/** Refuses a bin that lacks a file of these extensions. */
export function toBin(
  binId: string,
  files: BinFiles,
  required: readonly string[] = defaultExtensions,
): Bin {
  const missing = required.filter((extension) => files[extension] === undefined)
  if (missing.length > 0)
    throw new UploadError(`Bin ${binId} has no ${missing.join(', ')}; nothing was sent`)
  return { binId, files: Object.values(files) }
}
