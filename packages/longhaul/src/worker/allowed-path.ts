import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'

export const allowedPath = async (uri: string, roots: readonly string[]): Promise<string> =>
  (await allowedFile(uri, roots)).real

/** The real path of a `file://` URI, if it lies below an allowed root; links are followed before the check. */
export async function allowedFile(
  uri: string,
  roots: readonly string[],
): Promise<{ readonly real: string; readonly size: number }> {
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
  const asked = path.resolve(wanted)
  const real = await realpath(wanted).catch(() => undefined)
  for (const root of roots) {
    const isBelow = asked.startsWith(folderOf(path.resolve(root)))
    // Where no link is in the whole path, none is in its beginning.
    const realRoot =
      isBelow && real === asked ? path.resolve(root) : await realpath(root).catch(() => root)
    // Checked on the path as asked first, so that a stranger cannot learn which files exist outside the roots.
    if (!isBelow && !real?.startsWith(folderOf(realRoot))) continue
    if (real === undefined) throw new LonghaulError('object-not-found', `${uri} does not exist.`)
    if (!real.startsWith(folderOf(realRoot))) throw refused()
    const found = await stat(real)
    if (!found.isFile()) throw new LonghaulError('invalid-uri', `${uri} is not a file.`)
    return { real, size: found.size }
  }
  throw refused()
}

/** With the separator at its end, which `/` has already. */
const folderOf = (root: string): string => (root.endsWith(path.sep) ? root : root + path.sep)
