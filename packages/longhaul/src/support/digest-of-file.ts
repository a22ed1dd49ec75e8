import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export interface FileDigest {
  /** Bytes read. */
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** Reads a file through, a mebibyte at a time. Throws the signal's reason, and what the file system says. */
export async function digestOfFile(file: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256')
  let size = 0
  const options = { highWaterMark: 1024 * 1024, ...(signal && { signal }) }
  for await (const chunk of createReadStream(file, options)) {
    hash.update(chunk as Buffer)
    size += (chunk as Buffer).length
  }
  return { size, sha256: hash.digest('hex') }
}
