import path from 'node:path'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { FileRef } from '../jobs/job.ts'
import { fileOfUrl, mayReadKey, plainFileName } from '../jobs/index.ts'
import { isWebUri } from '../outbound/index.ts'
import { keyOfUri } from '../storage/index.ts'
import { allowedPath } from '../worker/index.ts'

export type FindFile = (value: unknown, name?: string) => Promise<FileRef>

/**
 * Finds the files that items name: `{"upload_id"}`, `{"uri"}` or the URI as text. Uploads of a chunk are read together.
 * Whether an object is there is seen when its job runs: a hundred thousand looks would take minutes, and one file that is
 * gone must not keep the others from running.
 */
export async function fileFinder(
  services: Services,
  scope: Scope,
  uploadIds: readonly string[],
): Promise<FindFile> {
  const owner = scope === 'everyone' ? scope : scope.owner
  const uploaded = await services.uploads.filesOf([...new Set(uploadIds)], owner)
  return async (value, name) => {
    const { upload_id, uri, ...said } = (
      typeof value === 'string' ? { uri: value } : (value ?? {})
    ) as { upload_id?: unknown; uri?: unknown; name?: unknown }
    const called = name ?? (typeof said.name === 'string' ? said.name : undefined)
    if (typeof upload_id === 'string')
      // One that cannot be used says why by itself.
      return uploaded.get(upload_id) ?? services.uploads.fileOf(upload_id, owner)
    if (typeof uri === 'string') return fileOfUri(services, scope, uri, called)
    throw new LonghaulError(
      'invalid-uri',
      'Input should be a file: {"upload_id": "…"}, {"uri": "s3://…"} or {"uri": "https://…"}',
    )
  }
}

async function fileOfUri(
  services: Services,
  scope: Scope,
  uri: string,
  name: string | undefined,
): Promise<FileRef> {
  const { storage, config } = services
  if (/^file:/i.test(uri)) {
    const real = await allowedPath(uri, config.inputRoots)
    return {
      uri: uri.replace(/^file:/i, 'file:'),
      name: plainFileName(name ?? path.basename(real)),
    }
  }
  if (isWebUri(uri)) return fileOfUrl(services, uri, name)
  const key = keyOfUri(uri, storage.bucket)
  if (!(await mayReadKey(services, scope, key)))
    throw new LonghaulError('object-not-found', `There is no object ${uri}.`)
  return { uri, name: plainFileName(name ?? path.posix.basename(key)) }
}

/** What can be said of a file in a list of mistakes; anything else is no mistake of the request. */
export function fileMistake(error: unknown): { readonly type: string; readonly msg: string } {
  if (isLonghaulError(error) && error.code !== 'unavailable')
    return { type: 'file_reference', msg: error.message }
  throw error
}

/** Ids of the uploads that values name, at any depth that can hold a file. */
export function uploadIdsIn(values: readonly unknown[]): string[] {
  return values.flat().flatMap((value) => {
    const id = (value as { upload_id?: unknown } | null | undefined)?.upload_id
    return typeof id === 'string' ? [id] : []
  })
}
