import { LonghaulError } from '../errors/index.ts'

/** The store's own folder inside its root: metadata, parts, temporary files. No key may begin with it. */
export const privateFolder = '.longhaul'

const maxKeyBytes = 1024
const maxSegmentBytes = 255

/**
 * A key's segments, or 'invalid-file-name'. Keys become relative paths unchanged, so what a file system cannot hold
 * literally is refused rather than encoded: an operator finds every object under its own name.
 */
export function segmentsOf(key: string): readonly string[] {
  const refuse = (why: string): never => {
    const shown = key.length > 80 ? `${key.slice(0, 77)}…` : key
    throw new LonghaulError('invalid-file-name', `The key ${JSON.stringify(shown)} ${why}.`)
  }
  if (key === '') refuse('is empty')
  // A lone surrogate has no UTF-8 form: two different keys would become one file name.
  if (!key.isWellFormed()) refuse('is not valid Unicode')
  if (key.includes('\0')) refuse('holds a NUL character')
  if (key.startsWith('/')) refuse('is absolute; keys are relative')
  if (Buffer.byteLength(key) > maxKeyBytes) refuse(`is longer than ${maxKeyBytes} bytes`)
  const segments = key.split('/')
  for (const segment of segments) {
    if (segment === '') refuse('has an empty segment; write single slashes, none at the end')
    if (segment === '.' || segment === '..') refuse(`has a segment ${JSON.stringify(segment)}`)
    if (Buffer.byteLength(segment) > maxSegmentBytes)
      refuse(`has a segment longer than ${maxSegmentBytes} bytes`)
  }
  if (segments[0] === privateFolder) refuse(`begins with ${privateFolder}, which is reserved`)
  return segments
}
