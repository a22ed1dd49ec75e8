import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { isLonghaulError } from '../../errors/index.ts'
import { isMissing } from './file-errors.ts'
import type { Folder } from './folder.ts'
import { privateFolder } from '../keys.ts'

/** Keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes. Follows no symbolic link. */
export async function* keysOf(
  folder: Folder,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<string> {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  let top = folder.root
  if (base !== '') {
    try {
      top = folder.objectPath(base.slice(0, -1))
    } catch (error) {
      if (isLonghaulError(error, 'invalid-file-name')) return // no key can begin like that
      throw error
    }
  }
  if (await folder.isContained(path.join(top, 'any'))) yield* walk(top, base)

  async function* walk(at: string, base: string): AsyncGenerator<string> {
    for (const entry of await entriesOf(at)) {
      if (at === folder.root && entry.name === privateFolder) continue
      const key = base + entry.name
      if (entry.isFile()) {
        if (key.startsWith(prefix) && (after === undefined || compareBytes(key, after) > 0))
          yield key
      } else if (entry.isDirectory()) {
        const below = `${key}/`
        if (!below.startsWith(prefix) && !prefix.startsWith(below)) continue
        const isPast = after !== undefined && compareBytes(below, after) < 0
        if (isPast && !after.startsWith(below)) continue
        yield* walk(path.join(at, entry.name), below)
      }
    }
  }
}

/** In key order: a folder sorts as its name with the slash that follows it in every key below. */
async function entriesOf(at: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(at, { withFileTypes: true })
    return entries
      .map((entry) => ({ entry, bytes: Buffer.from(entry.name + (entry.isFile() ? '' : '/')) }))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ entry }) => entry)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const compareBytes = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))
