import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../app/config.ts'
import { isLonghaulError, LonghaulError } from '../../errors/index.ts'
import { reprDigest } from '../content-digest.ts'
import { announcedBytes, bytesOf, hasBody } from '../request-body.ts'
import type { Uploads } from '../uploads.ts'
import { badHeader, bytesIn, headerOf } from './headers.ts'
import { speaksTus, tellTusApart } from './routes-constraint.ts'
import { sayAbilities, sayTus } from './routes-headers.ts'
import { createTusUploads, type TusState, type TusUpload } from './tus-uploads.ts'
import { announcedChecksums } from './upload-checksum.ts'

/** More than that is not read only to be thrown away: the connection is closed instead. */
const maxDrainBytes = 64 * 1024 * 1024
const bodyType = 'application/offset+octet-stream'

export interface TusRoutesOptions {
  readonly config: Pick<Config, 'maxUploadBytes'>
  readonly uploads: Uploads
  /** A client that sends nothing for so long is gone, whatever its connection says. @default 1 minute */
  readonly silenceMs?: number
}

/** tus 1.0, https://tus.io/protocols/resumable-upload: sentences in quotes are the protocol's. */
export const tusRoutes: FastifyPluginAsync<TusRoutesOptions> = async (
  app,
  { config, uploads, silenceMs = 60_000 },
) => {
  const tus = createTusUploads(uploads)
  tellTusApart(app)
  sayTus(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  // A refusal leaves bytes unread: gigabytes are not read for nothing, nor those of a client that has gone on elsewhere.
  app.addHook('onError', async ({ headers }, reply, error) => {
    const isTakenOver = isLonghaulError(error) && error.facts['taken_over'] === true
    if (isTakenOver || (announcedBytes(headers) ?? Infinity) > maxDrainBytes)
      void reply.header('connection', 'close')
  })

  const uploadOf = ({ params, owner, scope }: FastifyRequest): TusUpload => ({
    uploadId: (params as { upload_id: string }).upload_id,
    owner: scope === 'everyone' ? scope : owner,
  })
  const bodyOf = ({ raw, headers, body }: FastifyRequest) => ({
    body: bytesOf(raw, body, silenceMs),
    checksums: announcedChecksums(headers),
  })

  const abilities = async (_request: FastifyRequest, reply: FastifyReply) =>
    sayAbilities(reply, config.maxUploadBytes).send()
  const asked = { config: { access: 'public' as const }, schema: { hide: true } }
  app.options('/uploads', asked, abilities)
  app.options('/uploads/:upload_id', asked, abilities)

  // What is described of these URLs is their JSON; the protocol of the header is described with PATCH.
  const alike = { constraints: speaksTus, schema: { hide: true } }

  app.post('/uploads', alike, async (request, reply) => {
    if (hasBody(request.headers)) checkType(request)
    const first = bodyOf(request)
    const upload = await tus.create(request.owner, request.headers)
    const state = hasBody(request.headers)
      ? await tus.appendFirst({ ...upload, offset: 0, ...first })
      : await tus.stateOf(upload)
    void reply.code(201).headers({
      location: `/uploads/${upload.uploadId}`,
      // "MUST include the Upload-Offset header" when the creation had bytes; else it is 0, which helps as well.
      'upload-offset': String(state.offset),
    })
    return sayExpiry(reply, state).send()
  })

  app.head('/uploads/:upload_id', alike, async (request, reply) => {
    const state = await tus.stateOf(uploadOf(request))
    const { metadata, concat } = state.note
    // "The Server MUST prevent the client and/or proxies from caching the response"
    void reply.headers({ 'cache-control': 'no-store', 'upload-offset': String(state.offset) })
    if (state.sizeBytes === undefined) void reply.header('upload-defer-length', '1')
    else void reply.header('upload-length', String(state.sizeBytes))
    if (metadata !== undefined) void reply.header('upload-metadata', metadata)
    if (concat !== undefined) void reply.header('upload-concat', concat)
    if (state.sha256 !== undefined) void reply.header('repr-digest', reprDigest(state.sha256))
    return sayExpiry(reply, state).send()
  })

  app.patch('/uploads/:upload_id', { schema: described }, async (request, reply) => {
    checkType(request)
    const { headers } = request
    const offset = bytesIn(headers, 'Upload-Offset')
    if (offset === undefined)
      throw badHeader('Upload-Offset', undefined, 'say where the body goes on')
    const upload = uploadOf(request)
    const next = bodyOf(request)
    const sizeBytes = bytesIn(headers, 'Upload-Length')
    if (sizeBytes !== undefined) await tus.declareSize(upload, sizeBytes)
    const state = await tus.append({ ...upload, offset, ...next })
    return sayExpiry(reply, state).code(204).header('upload-offset', String(state.offset)).send()
  })

  app.delete('/uploads/:upload_id', alike, async (request, reply) => {
    await tus.terminate(uploadOf(request))
    return reply.code(204).send()
  })
}

const described = {
  tags: ['uploads'],
  summary: 'Go on with an upload where it stopped (tus 1.0)',
  description:
    'With the header `Tus-Resumable: 1.0.0` the URLs of uploads speak [tus](https://tus.io/protocols/resumable-upload): POST with `Upload-Length` creates, HEAD tells `Upload-Offset`, PATCH sends the bytes from there on, DELETE gives up. With the last byte the upload is complete.',
}

/** "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise … 415 Unsupported Media Type" */
function checkType({ headers }: FastifyRequest): void {
  const type = headerOf(headers, 'content-type')
  if (type?.split(';')[0]?.trim().toLowerCase() === bodyType) return
  throw new LonghaulError(
    'unsupported-media-type',
    `Bytes of a tus upload come as Content-Type: ${bodyType}, not ${type?.slice(0, 80) ?? 'without one'}.`,
  )
}

/** Only what is not complete can expire. */
const sayExpiry = (reply: FastifyReply, { completed, expiresAt }: TusState): FastifyReply =>
  completed ? reply : reply.header('upload-expires', expiresAt.toUTCString())
