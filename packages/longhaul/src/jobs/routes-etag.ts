import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { matchesEtag } from './http-range.ts'

/**
 * Answers JSON with its ETag, or 304 to a client that has just this: who polls then pays for changes only. The service's
 * clock (`now`) is no change.
 */
export function sendWithEtag<Body extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Body,
): Body {
  const { now: _now, ...lasting } = body as Body & { now?: unknown }
  const digest = createHash('sha256').update(JSON.stringify(lasting)).digest('base64url')
  const etag = `"${digest.slice(0, 22)}"`
  void reply.headers({ etag, 'cache-control': 'private, no-cache' })
  if (!matchesEtag(request.headers['if-none-match'], etag)) return body
  // A reply that was sent is what a handler may return instead of its body; only its type does not say so.
  return reply.code(304).send() as unknown as Body
}
