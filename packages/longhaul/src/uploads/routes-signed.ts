import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { passing, type SignedUrls } from '../storage/index.ts'
import { contentDigest } from './content-digest.ts'
import { announcedBytes } from './request-body.ts'
import { sendObject } from './routes-object.ts'

/** More than that is not read only to be thrown away: the connection is closed instead. */
const maxDrainBytes = 64 * 1024 * 1024

/** Anything may come; what is not as it was signed is refused by the signature, not by a schema. */
const signed = z.unknown().optional().meta({ type: 'string' })
const partQuery = z.looseObject({
  key: signed,
  max_bytes: signed,
  expires: signed,
  signature: signed,
})
const objectQuery = z.looseObject({ file_name: signed, expires: signed, signature: signed })

/**
 * What the local store's signed URLs lead to. The URL is the permission, so that any client can use it, and a page of any
 * origin. Bodies go to the store as they come: nothing here parses or buffers them.
 */
export const signedUrlRoutes: FastifyPluginAsyncZod<{
  services: Pick<Services, 'storage' | 'uploads'>
  signedUrls: SignedUrls
  /** A client that sends nothing for so long is gone, whatever its connection says. @default 1 minute */
  silenceMs?: number
}> = async (app, { services, signedUrls, silenceMs = 60_000 }) => {
  const { storage, uploads } = services
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'ETag, Content-Range, Content-Disposition, Repr-Digest',
      'cross-origin-resource-policy': 'cross-origin',
    })
  })
  const preflight = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'access-control-allow-methods': 'GET, HEAD, PUT',
        'access-control-allow-headers': '*',
        'access-control-max-age': '86400',
      })
      .code(204)
      .send()
  const hidden = { config: { access: 'public' as const }, schema: { hide: true } }
  app.options('/storage/parts/:upload_id/:part_number', hidden, preflight)
  app.options('/storage/objects/*', hidden, preflight)

  app.put(
    '/storage/parts/:upload_id/:part_number',
    {
      config: { access: 'signed' },
      schema: {
        tags: ['uploads'],
        summary: 'The bytes of one part, to the URL that the start of the upload gave',
        description:
          'With `Content-Digest: sha-256=:…:` (RFC 9530), bytes of another digest are refused and nothing of them is kept.',
        params: z.object({ upload_id: z.string(), part_number: z.string() }),
        querystring: partQuery,
      },
    },
    async (request, reply) => {
      const { upload_id, part_number } = request.params
      const { upload, partNumber, maxBytes } = signedUrls.checkPart({
        uploadId: upload_id,
        partNumber: part_number,
        query: request.query,
      })
      const announced = announcedBytes(request.headers)
      if (announced !== undefined && announced > maxBytes) {
        if (announced > maxDrainBytes) void reply.header('connection', 'close')
        throw tooLarge(partNumber, maxBytes)
      }
      await uploads.checkRoom(announced ?? maxBytes, { promised: true })
      const body = request.body instanceof Readable ? request.body : Readable.from([])
      const sha256 = contentDigest(request.headers['content-digest'])?.toString('hex')
      const bytes = passing(body, limited(body, partNumber, maxBytes))
      // Without a listener the server destroys the connection. inject() has none.
      if (request.raw.socket instanceof Socket) request.raw.setTimeout(silenceMs)
      try {
        const part = await storage.putPart(upload, partNumber, bytes, {
          ...(announced !== undefined && { sizeBytes: announced }),
          ...(sha256 !== undefined && { sha256 }),
        })
        await uploads.partReceived(upload.uploadId)
        return await reply.header('etag', part.etag).code(200).send()
      } finally {
        body.resume() // what is left, when the store gave up in the middle
      }
    },
  )

  app.route({
    method: ['GET', 'HEAD'],
    exposeHeadRoute: false,
    url: '/storage/objects/*',
    config: { access: 'signed' },
    schema: {
      tags: ['uploads'],
      summary: 'The bytes of one object, by a signed URL',
      params: z.object({ '*': z.string() }),
      querystring: objectQuery,
    },
    handler: async (request, reply) => {
      const { key, fileName } = signedUrls.checkObject({
        key: request.params['*'],
        query: request.query,
      })
      return sendObject(storage, request, reply, key, fileName)
    },
  })
}

/** Ends with an error where the permission ends. Never destroys the request: its answer is still to come. */
async function* limited(
  body: Readable,
  partNumber: number,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(partNumber, maxBytes)
    yield chunk
  }
}

const tooLarge = (partNumber: number, maxBytes: number) =>
  new LonghaulError(
    'body-too-large',
    `Part ${partNumber} has ${maxBytes} bytes at most; cut the file at part_size_bytes.`,
    { facts: { part_number: partNumber, max_bytes: maxBytes } },
  )
