import { LonghaulError } from '../errors/index.ts'
import type { JobParams } from '../jobs/job.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { keyOfUri } from '../storage/object-uri.ts'

/** The texts are those that clients of the older service see (five-systems Y.2, 20). */
export async function filesOfManifest(
  manifest: NonNullable<JobParams['manifest']>,
  storage: ObjectStore,
): Promise<readonly string[]> {
  if ('files' in manifest) return manifest.files
  const { body, info } = await storage.get(keyOfUri(manifest.uri, storage.bucket))
  if (info.size > 64 * 1024 * 1024) {
    body.destroy()
    throw new LonghaulError(
      'invalid-input',
      `The manifest ${manifest.uri} has ${info.size} bytes; at most 64 MiB are read.`,
    )
  }
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (cause) {
    throw new LonghaulError(
      'invalid-input',
      `The manifest ${manifest.uri} is not JSON: ${(cause as Error).message}`,
      { cause },
    )
  }
  const files = (parsed as { files?: unknown } | null)?.files
  if (!Array.isArray(files) || !files.every((file): file is string => typeof file === 'string')) {
    throw new LonghaulError(
      'invalid-input',
      `The manifest ${manifest.uri} must be {"files": ["s3://…", …]}.`,
    )
  }
  if (files.length === 0)
    throw new LonghaulError('invalid-input', `No files provided in manifest ${manifest.uri}`)
  return files
}
