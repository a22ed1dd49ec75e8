import type { FastifyReply, FastifyRequest } from 'fastify'
import { LonghaulError } from '../errors/index.ts'
import { attachment, matchesEtag, parseRange } from '../jobs/index.ts'
import type { ObjectInfo, Storage } from '../storage/index.ts'
import { headerMediaType } from '../support/media-type.ts'

/** An object as HTTP has it: one range, conditions, a digest. Scripts in it never run as pages of this service. */
export async function sendObject(
  storage: Storage,
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  fileName: string | undefined,
): Promise<FastifyReply> {
  const info = await storage.head(key)
  if (!info)
    throw new LonghaulError('object-not-found', `There is no object ${JSON.stringify(key)}.`)
  void reply.headers({
    etag: info.etag,
    'last-modified': info.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-disposition': attachment(fileName ?? key),
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  })
  if (info.sha256 !== undefined) {
    const digest = Buffer.from(info.sha256, 'hex').toString('base64')
    void reply.header('repr-digest', `sha-256=:${digest}:`)
  }
  if (matchesEtag(request.headers['if-none-match'], info.etag)) return reply.code(304).send()

  const range = rangeOf(request, info)
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${info.size}`)
    throw new LonghaulError(
      'range-not-satisfiable',
      `The object has ${info.size} bytes; the range asked for lies beyond.`,
    )
  }
  void reply.type(headerMediaType(info.mediaType))
  void reply.header('content-length', range ? range.end - range.start + 1 : info.size)
  void reply.code(range ? 206 : 200)
  if (range) void reply.header('content-range', `bytes ${range.start}-${range.end}/${info.size}`)
  if (request.method === 'HEAD') return reply.send()
  const { info: now, body } = await storage.get(key, range)
  if (now.etag === info.etag) return reply.send(body)
  body.destroy() // replaced in between: what was said about it no longer holds
  return sendObject(storage, request, reply, key, fileName)
}

/** `If-Range`: continue only what was begun; of something else the client needs all. */
function rangeOf({ headers }: FastifyRequest, { size, etag }: ObjectInfo) {
  const condition = headers['if-range']
  if (condition !== undefined && condition !== etag) return undefined
  return parseRange(headers.range, size)
}
