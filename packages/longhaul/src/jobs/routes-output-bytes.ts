import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { keyOfUri } from '../storage/index.ts'
import { attachment, matchesEtag, parseRange } from './http-range.ts'
import type { JobOutput } from './job.ts'
import { headerMediaType } from '../support/media-type.ts'

/**
 * Answers with an output's bytes, streamed. The digest is the ETag: an output never changes under its job. Whatever a
 * processor wrote stays a download: scripts in it must not run as this service's own pages.
 */
export async function sendOutput(
  { storage }: Pick<Services, 'storage'>,
  request: FastifyRequest,
  reply: FastifyReply,
  output: JobOutput,
): Promise<FastifyReply> {
  const etag = `"${output.sha256}"`
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-disposition': attachment(output.name),
    'content-security-policy': "default-src 'none'; sandbox",
    'repr-digest': `sha-256=:${Buffer.from(output.sha256, 'hex').toString('base64')}:`,
    'x-content-type-options': 'nosniff',
  })
  const reading = request.method === 'GET' || request.method === 'HEAD'
  if (reading && matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send()

  const range = reading ? rangeOf(request, output, etag) : undefined
  if (range === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${output.size}`)
    throw new LonghaulError(
      'range-not-satisfiable',
      `${output.name} has ${output.size} bytes; the range asked for lies beyond.`,
    )
  }
  void reply.type(headerMediaType(output.mediaType))
  if (range) {
    void reply.code(206)
    void reply.header('content-range', `bytes ${range.start}-${range.end}/${output.size}`)
  }
  void reply.header('content-length', range ? range.end - range.start + 1 : output.size)
  if (request.method === 'HEAD') return reply.send()
  const { body } = await storage.get(keyOfUri(output.uri, storage.bucket), range)
  return reply.send(body)
}

/** `If-Range`: continue only what was begun; of something else the client needs all. */
function rangeOf(
  { headers }: FastifyRequest,
  output: JobOutput,
  etag: string,
): ReturnType<typeof parseRange> {
  const condition = headers['if-range']
  if (condition !== undefined && condition !== etag) return undefined
  return parseRange(headers.range, output.size)
}
