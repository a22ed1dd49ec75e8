import { distinctNames, safeName } from '../safe-name.ts'
import { refused, SourceFailure, type FoundFile } from '../source.ts'
import type { DriveApi } from './drive-api.ts'
import { fields, foundOf, isFolder, isShortcut, type DriveFile } from './drive-file.ts'

export interface FolderLimits {
  readonly maxFiles: number
  readonly maxDepth: number
}
interface Folder {
  readonly id: string
  /** With a slash at its end; empty for the one that was asked for. */
  readonly path: string
  readonly depth: number
}

/** Every file below a folder, page by page. Names that occur twice get numbers; a shortcut leads to its target, once. */
export async function* listFolder(
  api: DriveApi,
  root: DriveFile,
  { driveId, maxFiles, maxDepth }: FolderLimits & { readonly driveId: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const distinct = distinctNames()
  const seen = new Set([root.id])
  const folders: Folder[] = [{ id: root.id, path: '', depth: 1 }]
  let files = 0
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for await (const child of childrenOf(api, folder.id, driveId, signal)) {
      const file = isShortcut(child) ? await targetOf(api, child, signal) : child
      if (file instanceof SourceFailure) {
        yield { ...foundOf(child, folder.path), error: file.message }
        continue
      }
      // Two ways to one folder could be a circle.
      if (seen.has(file.id)) continue
      seen.add(file.id)
      if (!isFolder(file)) {
        if (++files > maxFiles)
          throw refused(
            `The folder holds more than ${maxFiles} files; import its folders one by one.`,
          )
        const found = foundOf(file, folder.path)
        yield { ...found, name: distinct(found.name) }
        continue
      }
      if (folder.depth >= maxDepth)
        throw refused(`The folder has more than ${maxDepth} folders inside each other.`)
      const name = distinct(folder.path + safeName(file.name, 'folder'))
      folders.push({ id: file.id, path: `${name}/`, depth: folder.depth + 1 })
    }
  }
}

async function* childrenOf(
  api: DriveApi,
  id: string,
  driveId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<DriveFile> {
  let pageToken: string | undefined
  do {
    const page = await api.json(
      'files',
      {
        ...{ q: `'${id}' in parents and trashed=false`, pageSize: '1000', orderBy: 'name' },
        fields: `nextPageToken,files(${fields})`,
        ...{ supportsAllDrives: 'true', includeItemsFromAllDrives: 'true' },
        ...(driveId === undefined ? {} : { corpora: 'drive', driveId }),
        ...(pageToken === undefined ? {} : { pageToken }),
      },
      signal,
    )
    yield* (page['files'] ?? []) as DriveFile[]
    pageToken = page['nextPageToken'] as string | undefined
  } while (pageToken)
}

/** A shortcut to a shortcut is none. */
export async function targetOf(
  api: DriveApi,
  { name, shortcutDetails }: DriveFile,
  signal: AbortSignal,
): Promise<DriveFile | SourceFailure> {
  const targetId = shortcutDetails?.targetId
  if (targetId === undefined) return refused(`The shortcut ${name} leads nowhere.`)
  try {
    const target = await fileOf(api, targetId, signal)
    return isShortcut(target) ? refused(`The shortcut ${name} leads to another one.`) : target
  } catch (error) {
    if (error instanceof SourceFailure && error.kind === 'refused') return error
    throw error
  }
}

export const fileOf = async (api: DriveApi, id: string, signal: AbortSignal): Promise<DriveFile> =>
  (await api.json(
    `files/${encodeURIComponent(id)}`,
    { fields, supportsAllDrives: 'true' },
    signal,
  )) as unknown as DriveFile
