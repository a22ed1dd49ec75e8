import {
  partUrl,
  uploadCompleted,
  uploadRequest,
  uploadStarted,
  uploadView,
} from '@longhaul/protocol'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { boundedList } from '../validation/index.ts'
import { signedUrlRoutes } from './routes-signed.ts'
import { tusRoutes } from './tus/routes.ts'

const nativePartBytes = 16 * 1024 * 1024

const links = z.object({ self: z.string(), complete: z.string() })
const startRequest = uploadRequest.extend({ size_bytes: z.int().min(0) })
const started = uploadStarted.extend({ links })
const view = uploadView.extend({ uri: z.string(), kept_until: z.iso.datetime(), links })
/** In our words or in those of S3, which many clients have at hand. */
const part = z.union([
  z
    .object({ part_number: z.int(), etag: z.string() })
    .transform(({ part_number, etag }) => ({ partNumber: part_number, etag })),
  z
    .object({ PartNumber: z.int(), ETag: z.string() })
    .transform(({ PartNumber, ETag }) => ({ partNumber: PartNumber, etag: ETag })),
])
const completion = z.object({ parts: boundedList(part, { max: 10_000 }).optional() }).nullish()
const params = z.object({ upload_id: z.string() })

/** Uploads that start no job, and the signed URLs of every upload. */
export const uploadRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config, uploads, storage } = services
  const baseUrlOf = ({ protocol, host }: FastifyRequest) =>
    config.publicUrl ?? `${protocol}://${host}`
  const viewerOf = ({ owner, scope }: FastifyRequest) => (scope === 'everyone' ? scope : owner)
  const urlsExpireAt = () => new Date(Date.now() + config.uploadUrlTtlSeconds * 1000).toISOString()

  app.post(
    '/uploads',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Start an upload',
        description:
          'PUT the bytes of each part to its URL, in any order and several at once; every part has `part_size_bytes` bytes, the last one the rest. Then complete the upload.',
        body: startRequest,
        response: { 201: started },
      },
    },
    async (request, reply) => {
      const { filename, size_bytes, content_type } = request.body
      const { files, expiresAt } = await uploads.start({
        owner: request.owner,
        files: [
          {
            filename,
            sizeBytes: size_bytes,
            ...(content_type !== undefined && { mediaType: content_type }),
          },
        ],
        partBytes: nativePartBytes,
        baseUrl: baseUrlOf(request),
      })
      const [file] = files
      if (!file) throw new Error('An upload of one file started none')
      void reply.code(201).header('location', `/uploads/${file.fileId}`)
      return {
        upload_id: file.fileId,
        filename,
        size_bytes,
        part_size_bytes: file.partBytes,
        part_urls: file.partUrls.map(toPartUrl),
        uri: `s3://${storage.bucket}/${file.key}`,
        expires_at: expiresAt.toISOString(),
        links: linksOf(file.fileId),
      }
    },
  )

  app.get(
    '/uploads/:upload_id',
    {
      schema: {
        tags: ['uploads'],
        summary: 'What is still missing, with fresh URLs to go on',
        params,
        response: { 200: view },
      },
    },
    async (request) => {
      const { upload_id } = request.params
      const seen = await uploads.get(upload_id, viewerOf(request), { baseUrl: baseUrlOf(request) })
      return {
        upload_id,
        filename: seen.filename,
        size_bytes: seen.sizeBytes,
        part_size_bytes: seen.partBytes,
        status: seen.status,
        uri: seen.uri,
        received_bytes: seen.receivedBytes,
        missing_parts: [...seen.missingParts],
        part_urls: (seen.partUrls ?? []).map(toPartUrl),
        expires_at: urlsExpireAt(),
        kept_until: seen.expiresAt.toISOString(),
        links: linksOf(upload_id),
      }
    },
  )

  app.post(
    '/uploads/:upload_id/complete',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Make one object of the parts',
        description:
          'Without `parts`: of those that the store has. Asked again, it answers the same again.',
        params,
        body: completion,
        response: { 200: uploadCompleted },
      },
    },
    async (request) => {
      const done = await uploads.complete({
        owner: viewerOf(request),
        fileId: request.params.upload_id,
        ...(request.body?.parts && { parts: request.body.parts }),
      })
      return {
        upload_id: done.fileId,
        status: 'completed' as const,
        uri: done.uri,
        etag: done.etag,
        size_bytes: done.sizeBytes,
        sha256: done.sha256 ?? null,
      }
    },
  )

  app.delete(
    '/uploads/:upload_id',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Give up an upload that is not complete',
        params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await uploads.abort(request.params.upload_id, viewerOf(request))
      return reply.code(204).send(undefined)
    },
  )

  await app.register(tusRoutes, { config, uploads })
  const { signedUrls } = storage
  if (signedUrls) await app.register(signedUrlRoutes, { services, signedUrls })
}

const toPartUrl = (part: { partNumber: number; url: string }): z.infer<typeof partUrl> => ({
  part_number: part.partNumber,
  url: part.url,
})

const linksOf = (uploadId: string): z.infer<typeof links> => ({
  self: `/uploads/${uploadId}`,
  complete: `/uploads/${uploadId}/complete`,
})
