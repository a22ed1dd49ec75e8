import {
  largeUploadCompleted,
  largeUploadResume,
  largeUploadStarted,
  largeUploadStatus,
  portalUpload,
  portalUploadList,
  portalUploadStarted,
} from '@longhaul/protocol'
import type { ByteSource } from '../../byte-source.ts'
import type { Connection } from '../../connection.ts'
import { JobTimeoutError } from '../errors.ts'
import { pause } from '../../pause.ts'
import { withPace } from '../../transfer-pace.ts'
import { fieldsOf, type DatasetFields } from './dataset.ts'
import { formBody } from './form-body.ts'
import { anything, type PortalUploads, type Sent } from './portal-uploads.ts'
import { hashOf, sendChunk, sendLarge, type LargeContext, type SendOptions } from './send-large.ts'

/** From here on files go in chunks, as system E has it. */
const largeFileBytes = 100 * 1024 * 1024
const finished = new Set(['completed', 'failed', 'cancelled'])

/** System E's client: each method one request, but those that send files or wait. */
export function openPortal(context: LargeContext): PortalUploads {
  const { connection, newHasher } = context
  const at = (path: string, ...ids: string[]): string =>
    ['/api/upload', path, ...ids.map(encodeURIComponent)].join('/')
  const start = (path: string, dataset: DatasetFields, rest: object) =>
    connection.read(portalUploadStarted, at(path), {
      method: 'POST',
      json: { ...fieldsOf(dataset), ...rest },
      repeatable: false, // a second try would be a second dataset
    })
  const uploadFromSource: PortalUploads['uploadFromSource'] = (type, config, dataset) =>
    start('initiate', dataset, { source_type: type, source_config: config })

  const inChunks =
    (parallel: number | undefined): PortalUploads['uploadFileParallel'] =>
    async (source, dataset, options) =>
      sendLarge(context, source, fieldsOf(dataset), {
        ...options,
        parallel: options?.parallel ?? parallel,
      })
  const uploadFile = async (
    source: ByteSource,
    dataset: DatasetFields,
    options: SendOptions = {},
  ): Promise<Sent> => {
    if (source.size > largeFileBytes) return sendLarge(context, source, fieldsOf(dataset), options)
    return sendForm(connection, source, dataset, options)
  }
  const getUploadStatus: PortalUploads['getUploadStatus'] = (id) =>
    connection.read(portalUpload, at('status', id))

  return {
    uploadFile,
    uploadFromSource,
    getUploadStatus,
    uploadFileChunked: inChunks(1),
    uploadFileParallel: inChunks(undefined),
    uploadFileByPath: async (filePath, dataset, originalFilename) => {
      const form = new FormData()
      const fields = {
        ...fieldsOf(dataset),
        file_path: filePath,
        original_filename: originalFilename,
      }
      for (const [name, value] of Object.entries(fields))
        if (value !== undefined) form.append(name, String(value))
      return connection.read(portalUploadStarted, at('upload-path'), {
        method: 'POST',
        body: () => form,
        repeatable: false,
      })
    },
    initiateGoogleDriveUpload: ({ fileId, serviceAccountFile, ...more }, dataset) =>
      uploadFromSource(
        'google_drive',
        { ...more, file_id: fileId, service_account_file: serviceAccountFile },
        dataset,
      ),
    initiateS3Upload: ({ bucketName, objectKey, accessKeyId, secretAccessKey, ...more }, dataset) =>
      uploadFromSource(
        's3',
        {
          ...more,
          bucket_name: bucketName,
          object_key: objectKey,
          access_key_id: accessKeyId,
          secret_access_key: secretAccessKey,
        },
        dataset,
      ),
    initiateUrlUpload: (url, dataset, more) => uploadFromSource('url', { ...more, url }, dataset),
    initiateLargeUpload: (file, dataset) =>
      connection.read(largeUploadStarted, at('large/initiate'), {
        method: 'POST',
        json: {
          ...fieldsOf(dataset),
          filename: file.filename,
          file_size: file.fileSize,
          file_hash: file.fileHash,
        },
      }),
    uploadChunk: (uploadId, index, source, chunkBytes) =>
      sendChunk(context, source, { uploadId, index, chunkBytes }),
    getChunkStatus: (id) => connection.read(largeUploadStatus, at('large/status', id)),
    getResumeInfo: (id) => connection.read(largeUploadResume, at('large/resume', id)),
    completeUpload: (id) =>
      connection.read(largeUploadCompleted, at('large/complete', id), {
        method: 'POST',
        timeoutMs: 0,
      }),
    cancelUpload: async (id) => {
      const isLarge = id.startsWith('large_upload_')
      await connection.send(isLarge ? at('large/cancel', id) : at('cancel', id), {
        method: isLarge ? 'DELETE' : 'POST',
        repeatable: false, // a second try would find nothing
      })
    },
    listUploadJobs: ({ userEmail, status, limit, offset }) =>
      connection.read(portalUploadList, at('jobs'), {
        query: { user_id: userEmail, status, limit, offset },
      }),
    getSupportedSources: () => connection.read(anything, at('supported-sources')),
    getUploadLimits: () => connection.read(anything, at('limits')),
    estimateUploadTime: (type, megabytes) =>
      connection.read(anything, at('estimate-time'), {
        query: { source_type: type, file_size_mb: megabytes },
      }),
    calculateFileHash: (source) => hashOf(source, newHasher),
    waitForCompletion: async (id, { timeoutMs = 3_600_000, pollMs = 2000, ...how } = {}) => {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const seen = await getUploadStatus(id)
        how.onProgress?.(seen)
        if (finished.has(seen.status)) return seen
        if (Date.now() + pollMs > deadline) throw new JobTimeoutError(id, timeoutMs)
        await pause(pollMs, how.signal)
      }
    },
  }
}

async function sendForm(
  connection: Connection,
  source: ByteSource,
  dataset: DatasetFields,
  { onProgress, signal }: SendOptions,
): Promise<Sent> {
  const report = withPace(onProgress)
  report?.(0, source.size)
  const { name: filename, size } = source
  const body = () => source.slice(0, size)
  const sent = await connection.read(portalUploadStarted, '/api/upload/upload', {
    ...formBody(fieldsOf(dataset), { field: 'file', filename, size, body }),
    method: 'POST',
    signal,
    repeatable: false, // a second try would be a second dataset
  })
  report?.(size, size)
  return sent
}
