import { randomUUID } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import type { UploadRow } from './upload-statements.ts'

/** A file that a client announces; several of one `bin` belong together (system B). */
export interface AnnouncedFile {
  readonly bin?: string
  readonly filename: string
}

/**
 * The id of a session. That of a bin's file says so: its stored name is `<bin>/<file name>`, which a file in a folder may
 * have too.
 */
export const newFileId = ({ bin }: AnnouncedFile): string =>
  bin === undefined ? randomUUID() : `bin_${randomUUID()}`

/** The tail of its key, and its name in the database. */
export const storedName = ({ bin, filename }: AnnouncedFile): string =>
  bin === undefined ? filename : `${bin}/${filename}`

/** What the client called it. */
export function announcedFile({ id, filename }: Pick<UploadRow, 'id' | 'filename'>): AnnouncedFile {
  if (!id.startsWith('bin_')) return { filename }
  const end = filename.indexOf('/')
  return { bin: filename.slice(0, end), filename: filename.slice(end + 1) }
}

/** Names in a bin are checked with the bin's before them; only its own slashes would be taken for a folder's. */
export function checkBinIds(files: readonly AnnouncedFile[]): void {
  const wrong = files.find(({ bin }) => bin?.includes('/'))
  if (wrong === undefined) return
  const shown = JSON.stringify(wrong.bin?.slice(0, 80))
  throw new LonghaulError(
    'invalid-file-name',
    `The bin_id ${shown} holds a slash; it is one folder of the files' keys, so leave slashes out.`,
  )
}
