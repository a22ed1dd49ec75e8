import { isServiceError, type ByteSource, type Client, type UploadMemory } from '@longhaul/client'
import type { UploadView } from '@longhaul/protocol'

/** The upload that an earlier command began, or ended, of this very file under this name. */
export async function knownUpload(
  client: Client,
  memory: UploadMemory,
  source: ByteSource,
): Promise<UploadView | undefined> {
  const uploadId = await memory.recall(client.url, source)
  if (uploadId === undefined) return undefined
  try {
    const view = await client.uploadStatus(uploadId)
    return view.size_bytes === source.size && view.filename === source.name ? view : undefined
  } catch (error) {
    if (isServiceError(error, 'upload-not-found') || isServiceError(error, 'upload-expired'))
      return undefined
    throw error
  }
}

export const partCountOf = ({ size_bytes, part_size_bytes }: UploadView): number =>
  Math.max(1, Math.ceil(size_bytes / part_size_bytes))
