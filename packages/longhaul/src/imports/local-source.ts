import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLonghaulError } from '../errors/index.ts'
import { allowedFile } from '../worker/index.ts'
import { safeName } from './safe-name.ts'
import { changed, refused, type FoundFile, type Source } from './source.ts'
import type { LocalConfig } from './source-config.ts'

/** A file of this machine, below one of the roots that the operator lists. A version is its size, time and inode. */
export function localSource(
  config: Pick<LocalConfig, 'path'>,
  { inputRoots }: { readonly inputRoots: readonly string[] },
): Source {
  async function find(): Promise<{ readonly real: string; readonly file: FoundFile }> {
    try {
      const { real } = await allowedFile(pathToFileURL(config.path).href, inputRoots)
      const { size, mtimeNs, ino } = await stat(real, { bigint: true })
      return {
        real,
        file: {
          place: '',
          name: safeName(path.basename(config.path)),
          sizeBytes: Number(size),
          version: `${size} ${mtimeNs} ${ino}`,
          ranged: true,
        },
      }
    } catch (error) {
      throw isLonghaulError(error) ? refused(error.message) : error
    }
  }
  return {
    look: async () => (await find()).file,
    async *list() {
      yield (await find()).file
    },
    async read({ version }, range, signal) {
      const { real, file } = await find()
      if (file.version !== version) throw changed(`${path.basename(real)} has changed.`)
      return createReadStream(real, { ...range, signal }) as AsyncIterable<Buffer>
    },
  }
}
