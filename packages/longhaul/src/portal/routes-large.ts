import {
  importRequest,
  largeUploadCompleted,
  largeUploadRequest,
  largeUploadResume,
  largeUploadStarted,
  largeUploadStatus,
  type PortalUploadStatus,
} from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { baseUrlOf, type JobWatch } from '../jobs/index.ts'
import { laxInteger } from '../validation/index.ts'
import { completeLarge, findLarge, startLarge, viewLarge } from './large-uploads.ts'
import { receiveChunk } from './receive-chunk.ts'
import { readingForm } from './routes-form.ts'
import { settleUploads } from './settle-uploads.ts'
import { startImport } from './start-import.ts'
import { findUpload } from './upload-view.ts'

const tags = ['datasets', 'system E']
const params = z.object({ upload_id: z.string() })
const chunkParams = params.extend({ chunk_index: laxInteger(z.number().multipleOf(1)) })
/** Described here, checked where it is read. */
const validatorCompiler = () => (data: unknown) => ({ value: data })
/** So long a completion waits for the check of the whole file; then its answer says that it goes on. */
const waitMs = 60_000

/** Files in chunks, in any order and several at once; what has come is kept until it is complete or expires. */
export const largeRoutes: FastifyPluginAsyncZod<{ services: Services; watch: JobWatch }> = async (
  app,
  { services, watch },
) => {
  app.post(
    '/api/upload/large/initiate',
    {
      schema: {
        tags,
        summary: 'Announce a file that comes in chunks',
        body: largeUploadRequest,
        response: { 200: largeUploadStarted },
      },
    },
    async (request) => {
      const baseUrl = baseUrlOf(services.config, request)
      const { id, chunkSize, chunks } = await startLarge(services, request.body, request, baseUrl)
      return {
        upload_id: id,
        chunk_size: chunkSize,
        total_chunks: chunks,
        message: `Send ${chunks} chunks of ${chunkSize} bytes, the last one the rest`,
      }
    },
  )

  app.post(
    '/api/upload/large/chunk/:upload_id/:chunk_index',
    {
      schema: {
        tags,
        summary:
          'One chunk: the part `chunk`, and its SHA-256 as `chunk_hash`; again, it is replaced',
        consumes: ['multipart/form-data'],
        params: chunkParams,
        response: {
          200: z.object({
            message: z.string(),
            uploaded_chunks: z.int(),
            total_chunks: z.int(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { upload_id, chunk_index } = request.params
      const row = await findLarge(services, upload_id, request.scope)
      const left = new AbortController()
      reply.raw.once('close', () => left.abort())
      await readingForm(request, '-F chunk_hash=… -F chunk=@FILE', (parts) =>
        receiveChunk(services, row, chunk_index, parts, left.signal),
      )
      const { chunks, missing } = await viewLarge(services, upload_id, request)
      return {
        message: `Chunk ${chunk_index} received`,
        uploaded_chunks: chunks - missing.length,
        total_chunks: chunks,
      }
    },
  )

  app.get(
    '/api/upload/large/status/:upload_id',
    {
      schema: {
        tags,
        summary: 'Which chunks have come',
        params,
        response: { 200: largeUploadStatus },
      },
    },
    async (request) => {
      const { row, chunks, missing, percent } = await viewLarge(
        services,
        request.params.upload_id,
        request,
      )
      const isMissing = new Set(missing)
      return {
        upload_id: row.id,
        uploaded_chunks: Array.from({ length: chunks }, (_, n) => n).filter(
          (n) => !isMissing.has(n),
        ),
        total_chunks: chunks,
        is_complete: missing.length === 0,
        progress_percentage: percent,
      }
    },
  )

  app.get(
    '/api/upload/large/resume/:upload_id',
    {
      schema: {
        tags,
        summary: 'Which chunks are missing',
        params,
        response: { 200: largeUploadResume },
      },
    },
    async (request) => {
      const { row, chunks, missing } = await viewLarge(services, request.params.upload_id, request)
      return {
        upload_id: row.id,
        missing_chunks: [...missing],
        total_chunks: chunks,
        can_resume: missing.length > 0,
      }
    },
  )

  app.post(
    '/api/upload/large/complete/:upload_id',
    {
      config: { waits: true },
      schema: {
        tags,
        summary: 'Make one file of the chunks and check it; again, the answer is the same',
        params,
        response: { 200: largeUploadCompleted },
      },
    },
    async (request) => {
      const view = await viewLarge(services, request.params.upload_id, request)
      const { row, uri, size } = view
      const uuid = await completeLarge(services, view, request)
      const job = await watch.waitForEnd(row.id, waitMs)
      await settleUploads(services)
      if (job?.state === 'failed') {
        const code = job.problem?.code === 'checksum-mismatch' ? 'checksum-mismatch' : 'bad-request'
        throw new LonghaulError(
          code,
          `${job.problem?.detail ?? 'The upload failed.'} Send the chunks that are wrong again, and complete again.`,
          { facts: { job_id: row.id } },
        )
      }
      const now = await findUpload(services, row.id, request.scope)
      return {
        message:
          job?.state === 'completed' ? 'The upload is complete' : 'The upload is being checked',
        file_path: uri,
        file_size: size,
        job_submitted: true as const,
        job_id: row.id,
        dataset_uuid: uuid,
        status: now.word as PortalUploadStatus,
      }
    },
  )

  app.delete(
    '/api/upload/large/cancel/:upload_id',
    {
      schema: {
        tags,
        summary: 'Give up an upload that is not complete: its chunks are discarded',
        params,
        response: { 200: z.object({ message: z.string() }) },
      },
    },
    async (request) => {
      const row = await findLarge(services, request.params.upload_id, request.scope)
      if (row.job_state !== null)
        throw new LonghaulError(
          'upload-complete',
          `The upload ${row.id} is complete; POST /api/upload/cancel/${row.id} stops its check.`,
        )
      await services.uploads.abort(row.session ?? '', 'everyone')
      await services.database.write([{ statement: 'portal.end', params: [row.id, 'cancelled'] }])
      return { message: `Upload ${row.id} cancelled` }
    },
  )

  app.post(
    '/api/upload/cloud/large',
    {
      schema: {
        tags,
        summary: 'Import a large file from Google Drive or S3, as a durable job',
        body: importRequest,
        response: { 200: z.looseObject({ job_id: z.string(), status: z.literal('queued') }) },
      },
      validatorCompiler,
    },
    async (request) => ({
      ...(await startImport(services, request, 'cloud_large')),
      estimated_duration: 'Varies by file size and network',
    }),
  )
}
