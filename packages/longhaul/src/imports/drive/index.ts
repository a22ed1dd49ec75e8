import {
  changed,
  passing,
  SourceFailure,
  type FoundFile,
  type Range,
  type Source,
} from '../source.ts'
import type { DriveConfig } from '../source-config.ts'
import { DriveApi, type DriveApiOptions } from './drive-api.ts'
import { foundOf, isFolder, isShortcut } from './drive-file.ts'
import { fileOf, listFolder, targetOf } from './list-folder.ts'

/**
 * A file of Google Drive, or all that are below a folder, read by a service account. A version is the head revision; Drive
 * has no condition for it in a request, so it is looked at before a reading goes on, and the MD5 has the last word.
 */
export function driveSource(config: DriveConfig, options: DriveApiOptions): Source {
  const api = new DriveApi(config, options)

  /** Its folder is not asked for again. */
  const look = async (place: string, signal: AbortSignal): Promise<FoundFile> =>
    foundOf(await fileOf(api, place, signal), '')

  return {
    look,
    async *list(signal) {
      const asked = await fileOf(api, config.id, signal)
      const file = isShortcut(asked) ? await targetOf(api, asked, signal) : asked
      if (file instanceof SourceFailure) throw file
      const { driveId } = config
      if (isFolder(file)) yield* listFolder(api, file, { ...options.tuning, driveId }, signal)
      else yield foundOf(file, '')
    },
    async confirm(file, signal) {
      if ((await look(file.place, signal)).version !== file.version)
        throw changed(`${file.name} has another revision by now.`)
    },
    async read(file, range, signal) {
      const path = `files/${encodeURIComponent(file.place)}`
      if (range === undefined && exportOfFile(file) !== undefined) {
        const query = { mimeType: file.mediaType ?? '' }
        return (await api.content(`${path}/export`, query, undefined, signal)).body
      }
      const query = { alt: 'media', supportsAllDrives: 'true' }
      const reply = await api.content(path, query, range && `${range.start}-${range.end}`, signal)
      try {
        if (range !== undefined)
          checkRange(reply.status, reply.headers['content-range'], file, range)
        return reply.body
      } catch (error) {
        reply.close()
        throw error
      }
    },
  }
}

/** Only what is exported has no size. */
const exportOfFile = ({ sizeBytes, mediaType }: FoundFile): string | undefined =>
  sizeBytes === undefined ? mediaType : undefined

function checkRange(
  status: number,
  header: string | undefined,
  { name, sizeBytes = 0 }: FoundFile,
  { start, end }: Range,
): void {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '') ?? []
  // All of it, where all of it was asked for.
  if (status === 200 && start === 0 && end === sizeBytes - 1) return
  if (status !== 206 || Number(from) !== start)
    throw passing(`Google Drive answered with another range of ${name} than was asked for.`)
  if (total !== '*' && Number(total) !== sizeBytes)
    throw changed(`${name} has another size by now.`)
}
