import { safeName } from '../safe-name.ts'
import type { FoundFile } from '../source.ts'

export const fields =
  'id,name,size,mimeType,md5Checksum,headRevisionId,modifiedTime,capabilities/canDownload,shortcutDetails'

/** What Drive says of one file, as far as it was asked for. */
export interface DriveFile {
  readonly id: string
  readonly name: string
  readonly size?: string
  readonly mimeType: string
  readonly md5Checksum?: string
  readonly headRevisionId?: string
  readonly modifiedTime?: string
  readonly capabilities?: { readonly canDownload?: boolean }
  readonly shortcutDetails?: { readonly targetId?: string }
}

const native = 'application/vnd.google-apps.'
export const isFolder = ({ mimeType }: DriveFile): boolean => mimeType === `${native}folder`
export const isShortcut = ({ mimeType }: DriveFile): boolean => mimeType === `${native}shortcut`

/** Google's own documents have no bytes; they are given out as something that has. */
const exports: Readonly<Record<string, { readonly mediaType: string; readonly ending: string }>> = {
  document: { mediaType: 'application/pdf', ending: '.pdf' },
  drawing: { mediaType: 'application/pdf', ending: '.pdf' },
  spreadsheet: {
    mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    ending: '.xlsx',
  },
  presentation: {
    mediaType: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    ending: '.pptx',
  },
}
export const exportOf = (mimeType: string) =>
  mimeType.startsWith(native) ? exports[mimeType.slice(native.length)] : undefined

/** `folder`: where it lies, with a slash at its end. */
export function foundOf(file: DriveFile, folder: string): FoundFile {
  const { id, mimeType, size, md5Checksum, headRevisionId, modifiedTime, capabilities } = file
  const exported = exportOf(mimeType)
  const plain = safeName(file.name, 'file')
  const isNamed = exported === undefined || plain.toLowerCase().endsWith(exported.ending)
  const name = folder + (isNamed ? plain : plain + exported.ending)
  if (capabilities?.canDownload === false)
    return { place: id, name, ranged: false, error: 'Its owner does not let it be downloaded.' }
  if (exported !== undefined) {
    const version = modifiedTime
    return {
      ...{ place: id, name, ranged: false, mediaType: exported.mediaType },
      ...(version === undefined ? {} : { version }),
    }
  }
  if (mimeType.startsWith(native) || size === undefined) {
    const kind = mimeType.replace(native, '').slice(0, 60)
    return { place: id, name, ranged: false, error: `Google gives out no bytes of a ${kind}.` }
  }
  return {
    ...{ place: id, name, sizeBytes: Number(size), ranged: headRevisionId !== undefined },
    ...(/^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? { mediaType: mimeType } : {}),
    ...(headRevisionId === undefined ? {} : { version: headRevisionId }),
    ...(md5Checksum === undefined ? {} : { md5: md5Checksum }),
  }
}
