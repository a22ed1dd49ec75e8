import { randomUUID } from 'node:crypto'
import { ingestComplete, ingestCompleted, ingestStart, ingestStarted } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { boundedList, laxInteger } from '../validation/index.ts'
import { baseUrlOf } from './base-url.ts'
import { checkCallback } from './check-callback.ts'
import { acceptsIngest } from './prepare-submission.ts'
import { processorFor } from './processor-for.ts'
import { submitIngest } from './submit-ingest.ts'

// System A's clients may send integers in several spellings.
const file = ingestStart.shape.files.element
const start = ingestStart.extend({
  files: boundedList(file.extend({ size_bytes: laxInteger(file.shape.size_bytes) }), {
    min: 1,
    max: 10_000,
  }),
  processor: z.string().nullish(),
})
const part = ingestComplete.shape.parts.element
const complete = ingestComplete.extend({
  parts: boundedList(part.extend({ PartNumber: laxInteger(part.shape.PartNumber) }), {
    max: 10_000,
  }),
})

/** System A's uploads: the last file's completion makes the job, under the id that the start gave. */
export const ingestRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config, database, engine, uploads } = services

  app.post(
    '/ingest/start',
    {
      schema: {
        tags: ['system A'],
        summary: 'Start the upload of files that become one job',
        querystring: z.object({ processor: z.string().optional() }),
        body: start,
        response: { 200: ingestStarted },
      },
    },
    async (request) => {
      const { processor } = request.params as { processor?: string }
      const named = processor ?? request.body.processor ?? request.query.processor
      const { description } = processorFor(services, named)
      acceptsIngest(description)
      await engine.checkRoom(request.owner, 1) // nobody uploads for a job that would be refused
      const callbackUrl = request.body.callback_url || undefined
      checkCallback(services, callbackUrl, 'body')
      const jobId = randomUUID()
      if (callbackUrl !== undefined)
        await database.write([{ statement: 'callback.announce', params: [jobId, callbackUrl] }])
      const started = await uploads.start({
        owner: request.owner,
        jobId,
        processor: description.name,
        files: request.body.files.map(({ filename, size_bytes }) => ({
          filename,
          sizeBytes: size_bytes,
        })),
        partBytes: config.ingestPartBytes,
        baseUrl: baseUrlOf(config, request),
      })
      return {
        job_id: jobId,
        files: started.files.map((one) => ({
          file_id: one.fileId,
          filename: one.filename,
          s3_key: one.key,
          upload_id: one.storeUploadId,
          size_bytes: one.sizeBytes,
          part_size_bytes: one.partBytes,
          part_urls: one.partUrls.map(({ partNumber, url }) => ({ part_number: partNumber, url })),
        })),
        expires_at: started.expiresAt.toISOString(),
      }
    },
  )

  app.post(
    '/ingest/complete',
    {
      schema: {
        tags: ['system A'],
        summary: 'Complete one file; the last one starts the job',
        body: complete,
        response: { 200: ingestCompleted },
      },
    },
    async ({ body, owner, scope }) => {
      const completed = await uploads.complete({
        owner: scope === 'everyone' ? scope : owner,
        fileId: body.file_id,
        jobId: body.job_id,
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
}
