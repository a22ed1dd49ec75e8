import { open, type FileHandle } from 'node:fs/promises'
import { isLonghaulError } from '../../errors/index.ts'
import { checkSha256, otherSize } from '../check-bytes.ts'
import type { Bytes } from '../object-store.ts'
import { syncFile } from './durable-file.ts'
import { writeBody, type Written } from './write-body.ts'

export interface WriteFileOptions {
  /** Refused with 'checksum-mismatch' when the bytes have another one. */
  readonly sha256?: string | undefined
  /** Refused with 'invalid-part' when there are more or fewer. */
  readonly sizeBytes?: number | undefined
  /** Refused with 'body-too-large' beyond that. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Writes a new file and syncs it; it has no name yet that anyone looks for. */
export async function writeFile(
  to: string,
  body: Bytes,
  options: WriteFileOptions = {},
): Promise<Written> {
  const file = await open(to, 'wx', 0o600)
  try {
    const written = await writeChecked(file, body, options)
    await syncFile(file)
    return written
  } finally {
    await file.close()
  }
}

/** Throws when the bytes are not what was announced; they are in the file by then. */
export async function writeChecked(
  file: FileHandle,
  body: Bytes,
  options: WriteFileOptions & { readonly at?: number },
): Promise<Written> {
  const { sha256, sizeBytes, maxBytes = Infinity, signal, at = 0 } = options
  const limits = { signal, maxBytes: sizeBytes ?? maxBytes, at }
  const written = await writeBody(file, body, limits).catch((error: unknown) => {
    const isLonger = sizeBytes !== undefined && isLonghaulError(error, 'body-too-large')
    throw isLonger ? otherSize(sizeBytes, 'more') : error
  })
  if (sizeBytes !== undefined && written.size !== sizeBytes)
    throw otherSize(sizeBytes, String(written.size))
  checkSha256(written.sha256, sha256)
  return written
}
