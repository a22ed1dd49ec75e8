import { randomUUID } from 'node:crypto'
import {
  ingestAbort,
  ingestAborted,
  ingestBinsStarted,
  ingestComplete,
  ingestCompleted,
  ingestStarted,
  ingestView,
  type IngestBinsStarted,
  type IngestStarted,
  type IngestView,
} from '@longhaul/protocol'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import type { StartedUploads } from '../uploads/uploads.ts'
import { boundedList, laxInteger } from '../validation/index.ts'
import { baseUrlOf } from './base-url.ts'
import { checkCallback } from './check-callback.ts'
import { binsStart, filesStart, parseIngestStart } from './ingest-request.ts'
import { acceptsIngest } from './prepare-submission.ts'
import { processorFor } from './processor-for.ts'
import { submitIngest } from './submit-ingest.ts'

const tags = ['system A', 'system B']
const part = ingestComplete.shape.parts.element
const complete = ingestComplete.extend({
  parts: boundedList(part.extend({ PartNumber: laxInteger(part.shape.PartNumber) }), {
    max: 10_000,
  }),
})
const viewerOf = ({ owner, scope }: FastifyRequest) => (scope === 'everyone' ? scope : owner)

/** The older systems' uploads: the last file's completion makes the job, under the id that the start gave. */
export const ingestRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config, database, engine, uploads } = services

  app.post(
    '/ingest/start',
    {
      schema: {
        tags,
        summary: 'Start the upload of files, or of bins of files, that become one job',
        querystring: z.object({ processor: z.string().optional() }),
        body: z.union([filesStart, binsStart]),
        response: { 200: z.union([ingestStarted, ingestBinsStarted]) },
      },
      // Of a union every form's mistakes would be told.
      validatorCompiler: () => (data: unknown) => ({ value: data }),
    },
    async (request) => {
      const { processor } = request.params as { processor?: string }
      const query = request.query as { processor?: string }
      const { files, bins, processor: wanted, callbackUrl } = parseIngestStart(request.body)
      const { description } = processorFor(services, processor ?? wanted ?? query.processor)
      acceptsIngest(description)
      await engine.checkRoom(request.owner, 1) // nobody uploads for a job that would be refused
      checkCallback(services, callbackUrl, 'body')
      const jobId = randomUUID()
      if (callbackUrl !== undefined)
        await database.write([{ statement: 'callback.announce', params: [jobId, callbackUrl] }])
      const started = await uploads.start({
        owner: request.owner,
        jobId,
        processor: description.name,
        files,
        partBytes: config.ingestPartBytes,
        baseUrl: baseUrlOf(config, request),
      })
      return bins ? binsAnswer(jobId, started) : filesAnswer(jobId, started)
    },
  )

  app.post(
    '/ingest/complete',
    {
      schema: {
        tags,
        summary: 'Complete one file; the last one starts the job',
        body: complete,
        response: { 200: ingestCompleted },
      },
    },
    async (request) => {
      const { body, owner } = request
      const completed = await uploads.complete({
        owner: viewerOf(request),
        fileId: body.file_id,
        jobId: body.job_id,
        ...(body.bin_id == null ? {} : { bin: body.bin_id }),
        storeUploadId: body.upload_id,
        parts: body.parts.map(({ PartNumber, ETag }) => ({ partNumber: PartNumber, etag: ETag })),
        submit: submitIngest(services, { jobId: body.job_id, owner }),
      })
      return {
        file_id: completed.fileId,
        s3_key: completed.key,
        etag: completed.etag,
        status: 'completed' as const,
      }
    },
  )

  app.post(
    '/ingest/abort',
    {
      schema: {
        tags,
        summary: 'Give up an ingest that has not become a job',
        body: ingestAbort,
        response: { 200: ingestAborted },
      },
    },
    async (request) => {
      const { job_id } = request.body
      await uploads.abortIngest(job_id, viewerOf(request))
      return { job_id, status: 'aborted' as const }
    },
  )

  app.get(
    '/ingest/:job_id',
    {
      schema: {
        tags,
        summary: 'What is still missing of an ingest, with fresh URLs to go on',
        params: z.looseObject({ job_id: z.string() }),
        response: { 200: ingestView },
      },
    },
    async (request): Promise<IngestView> => {
      const { job_id } = request.params
      const baseUrl = baseUrlOf(config, request)
      const files = await uploads.ofIngest(job_id, viewerOf(request), { baseUrl })
      return {
        job_id,
        status: files.every(({ submitted }) => submitted) ? 'submitted' : 'open',
        files: files.map((one) => ({
          ...answerOf({ ...one, fileId: one.uploadId, partUrls: one.partUrls ?? [] }),
          bin_id: one.bin ?? null,
          status: one.status,
          received_bytes: one.receivedBytes,
          missing_parts: [...one.missingParts],
        })),
        expires_at: new Date(Date.now() + config.uploadUrlTtlSeconds * 1000).toISOString(),
      }
    },
  )
}

type StartedFile = StartedUploads['files'][number]

const answerOf = (one: StartedFile): IngestStarted['files'][number] => ({
  file_id: one.fileId,
  filename: one.filename,
  s3_key: one.key,
  upload_id: one.storeUploadId,
  size_bytes: one.sizeBytes,
  part_size_bytes: one.partBytes,
  part_urls: one.partUrls.map(({ partNumber, url }) => ({ part_number: partNumber, url })),
})

const filesAnswer = (jobId: string, { files, expiresAt }: StartedUploads): IngestStarted => ({
  job_id: jobId,
  files: files.map(answerOf),
  expires_at: expiresAt.toISOString(),
})

function binsAnswer(jobId: string, { files, expiresAt }: StartedUploads): IngestBinsStarted {
  const bins = Map.groupBy(files, ({ bin }) => bin ?? '')
  return {
    job_id: jobId,
    bins: [...bins].map(([bin_id, own]) => ({ bin_id, files: own.map(answerOf) })),
    expires_at: expiresAt.toISOString(),
  }
}
