import { fileReference } from '@longhaul/protocol'
import path from 'node:path'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { keyOfUri } from '../storage/index.ts'
import type { Json } from '../support/json.ts'
import { invalidRequest } from '../validation/index.ts'
import { allowedPath } from '../worker/index.ts'
import type { Scope } from './engine.ts'
import { nameOfUrl, plainFileName } from './file-name.ts'
import type { FileRef } from './job.ts'
import { mayReadKey } from './may-read-key.ts'

/**
 * A file of a JSON submission: `{"upload_id"}`, `{"uri"}` or the URI as plain text. Everything that can be known now is
 * checked now; the worker checks again when it takes the bytes.
 */
export async function resolveFile(
  services: Services,
  scope: Scope,
  value: Json,
  loc: readonly (string | number)[],
): Promise<FileRef> {
  const parsed = fileReference.safeParse(typeof value === 'string' ? { uri: value } : value)
  if (!parsed.success) {
    const msg =
      'Input should be a file: {"upload_id": "…"}, {"uri": "s3://…"} or {"uri": "https://…"}'
    throw invalidRequest([{ type: 'file_reference', loc: [...loc], msg }])
  }
  const reference = parsed.data
  const owner = scope === 'everyone' ? scope : scope.owner
  const file =
    'upload_id' in reference
      ? await services.uploads.fileOf(reference.upload_id, owner)
      : await resolveUri(services, scope, reference.uri, reference.name)
  return withDigest(file, reference.sha256)
}

/** What the client says of a file is compared now where the store knows better, and in any case when the job reads it. */
function withDigest(file: FileRef, sha256: string | undefined): FileRef {
  if (sha256 === undefined || file.sha256 === sha256) return file
  if (file.sha256 === undefined) return { ...file, sha256 }
  throw new LonghaulError(
    'checksum-mismatch',
    `${file.name} has SHA-256 ${file.sha256}, expected ${sha256}.`,
  )
}

/** Nobody is asked for it before its job runs; whether it may be asked is said at once. Throws 'outbound-refused'. */
export function fileOfUrl(
  { outbound }: Pick<Services, 'outbound'>,
  uri: string,
  name: string | undefined,
): FileRef {
  const { href } = outbound.check(uri)
  return { uri: href, name: plainFileName(name ?? nameOfUrl(href)) }
}

async function resolveUri(
  services: Services,
  scope: Scope,
  uri: string,
  name: string | undefined,
): Promise<FileRef> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  switch (scheme) {
    case 's3': {
      const key = keyOfUri(uri, services.storage.bucket)
      const info = (await mayReadKey(services, scope, key))
        ? await services.storage.head(key)
        : undefined
      if (!info) throw new LonghaulError('object-not-found', `There is no object ${uri}.`)
      return {
        uri,
        name: plainFileName(name ?? path.posix.basename(key)),
        size: info.size,
        mediaType: info.mediaType,
        ...(info.sha256 === undefined ? {} : { sha256: info.sha256 }),
      }
    }
    case 'file': {
      const real = await allowedPath(uri, services.config.inputRoots)
      // In the spelling that the worker reads, whatever the client's was.
      const plain = uri.replace(/^file:/i, 'file:')
      return { uri: plain, name: plainFileName(name ?? path.basename(real)) }
    }
    case 'http':
    case 'https':
      return fileOfUrl(services, uri, name)
    default:
      throw new LonghaulError(
        'invalid-uri',
        `${uri} is no input URI: use s3://${services.storage.bucket}/<key>, https://…, file:///<path>, or an upload_id.`,
      )
  }
}
