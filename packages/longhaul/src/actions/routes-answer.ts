import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { matchesEtag } from '../jobs/index.ts'
import type { ActionDescription } from '../processor/index.ts'
import type { ActionAnswer } from '../runners/index.ts'
import { headerMediaType } from '../support/media-type.ts'

/** They say how the bytes travel, which is not for the author to decide. */
const ours = /^(connection|content-length|keep-alive|transfer-encoding|upgrade|date)$/i

/**
 * Answers with what an action made. A page or a drawing among it must not run as a page of this service, whoever made it.
 * Good answers to GET have an ETag, so that a cache asks for what it has and gets a 304.
 */
export async function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  action: ActionDescription,
  { status, headers, mediaType, body }: ActionAnswer,
): Promise<FastifyReply> {
  void reply.headers({
    'cache-control': action.cache_control ?? 'no-store',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.test(name))),
  })
  void reply.code(status).type(mediaType.includes(';') ? mediaType : headerMediaType(mediaType))
  const reading = request.method === 'GET' || request.method === 'HEAD'
  if (reading && Buffer.isBuffer(body) && status === 200 && action.cache_control !== undefined) {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    void reply.header('etag', etag)
    if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  }
  return reply.send(body)
}
