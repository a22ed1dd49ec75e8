import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'

/** The real path of a `file://` URI, if it lies below an allowed root; links are followed before the check. */
export async function allowedPath(uri: string, roots: readonly string[]): Promise<string> {
  let wanted: string
  try {
    const url = new URL(uri)
    if (url.host !== '' && url.host !== 'localhost') throw new Error('it names a host')
    wanted = decodeURIComponent(url.pathname)
    if (wanted.includes('\0')) throw new Error('it holds a NUL')
  } catch (cause) {
    throw new LonghaulError(
      'invalid-uri',
      `${uri} is not a usable file URI: ${(cause as Error).message}.`,
      { cause },
    )
  }
  const refused = () =>
    new LonghaulError(
      'uri-refused',
      `${uri} is not below a folder this service may read; the operator lists such folders in LONGHAUL_INPUT_ROOTS.`,
    )
  const real = await realpath(wanted).catch(() => undefined)
  for (const root of roots) {
    const realRoot = await realpath(root).catch(() => root)
    // Checked on the path as asked first, so that a stranger cannot learn which files exist outside the roots.
    if (
      !path.resolve(wanted).startsWith(folderOf(path.resolve(root))) &&
      !real?.startsWith(folderOf(realRoot))
    )
      continue
    if (real === undefined) throw new LonghaulError('object-not-found', `${uri} does not exist.`)
    if (!real.startsWith(folderOf(realRoot))) throw refused()
    if (!(await stat(real)).isFile())
      throw new LonghaulError('invalid-uri', `${uri} is not a file.`)
    return real
  }
  throw refused()
}

/** With the separator at its end, which `/` has already. */
const folderOf = (root: string): string => (root.endsWith(path.sep) ? root : root + path.sep)
