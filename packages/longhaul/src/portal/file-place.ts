import { LonghaulError } from '../errors/index.ts'

const maxBytes = 900
const maxSegmentBytes = 255

/**
 * Where a file lies within its dataset. `relativePath` is its folder, or the whole path when it ends with the file's own name.
 * What leads elsewhere is refused: 'invalid-file-name'.
 */
export function placeOf(fileName: string, relativePath?: string | null): string {
  const folder = relativePath?.replace(/\/+$/, '') ?? ''
  const base = fileName.slice(fileName.lastIndexOf('/') + 1)
  if (folder === '' || folder === '.') return contained(fileName)
  const isWhole = folder === base || folder.endsWith(`/${base}`)
  return contained(isWhole ? folder : `${folder}/${fileName}`)
}

/** The name as it is, or an error. */
export function contained(name: string): string {
  const segments = name.split('/')
  const isBad =
    name.trim() === '' ||
    !name.isWellFormed() ||
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\\]/u.test(name) ||
    /^[a-z]:/i.test(name) ||
    Buffer.byteLength(name) > maxBytes ||
    segments.some(
      (one) => ['', '.', '..'].includes(one.trim()) || Buffer.byteLength(one) > maxSegmentBytes,
    )
  if (!isBad) return name
  const shown = JSON.stringify(name.slice(0, 80).toWellFormed())
  throw new LonghaulError(
    'invalid-file-name',
    `${shown} is no name of a file within a dataset: send a relative one, with folders as a/b.txt.`,
  )
}
