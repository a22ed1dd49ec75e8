import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'
import { pathOfUrl } from '../outbound/index.ts'

/** The last segment of what a client calls its file; throws 'invalid-file-name' where nothing usable is left. */
export function plainFileName(name: string): string {
  const base = path.posix.basename(name.replaceAll('\\', '/'))
  const unusable =
    ['', '.', '..'].includes(base) || !base.isWellFormed() || /[\u0000-\u001f\u007f]/.test(base)
  if (!unusable && Buffer.byteLength(base) <= 255) return base
  throw new LonghaulError(
    'invalid-file-name',
    `${JSON.stringify(name.slice(0, 80))} cannot be a file name: 1 to 255 bytes, no path, no control characters.`,
  )
}

/** What a file behind a URL is called where nobody says. */
export const nameOfUrl = (url: string): string =>
  path.posix.basename(pathOfUrl(url) ?? '') || 'download'
