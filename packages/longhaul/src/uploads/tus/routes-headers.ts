import type { FastifyInstance, FastifyReply } from 'fastify'
import { LonghaulError } from '../../errors/index.ts'
import { extensions, headerOf, tusVersion } from './headers.ts'
import { checksumAlgorithms } from './upload-checksum.ts'

const exposed = [
  'Location',
  'Repr-Digest',
  'Retry-After',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Expires',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'X-Request-Id',
].join(', ')

/** What every answer of these routes says, refusals of other parts of the service included: a browser hides the rest. */
export function sayTus(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers({
      'tus-resumable': tusVersion,
      'access-control-allow-origin': '*',
      'access-control-expose-headers': exposed,
      'cross-origin-resource-policy': 'cross-origin',
    })
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'OPTIONS') return // "MUST be included in every request and response except for OPTIONS requests"
    const spoken = headerOf(request.headers, 'tus-resumable')
    if (spoken === tusVersion) return
    // "it MUST respond with the 412 Precondition Failed status and MUST include the Tus-Version header into the response"
    void reply.header('tus-version', tusVersion)
    throw new LonghaulError(
      'tus-version-unsupported',
      spoken === undefined
        ? `The header Tus-Resumable is missing: this is tus ${tusVersion}.`
        : `This service speaks tus ${tusVersion}, not ${spoken.slice(0, 20)}.`,
    )
  })
}

/** The answer to OPTIONS: what the server can do, and that pages of any origin may ask it. Their key is the permission. */
export const sayAbilities = (reply: FastifyReply, maxBytes: number): FastifyReply =>
  reply.code(204).headers({
    'tus-version': tusVersion,
    'tus-extension': extensions,
    'tus-max-size': String(maxBytes),
    'tus-checksum-algorithm': checksumAlgorithms.join(','),
    'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE, OPTIONS',
    // The star leaves this one out. Whatever else a client adds, such as X-Request-ID, is welcome.
    'access-control-allow-headers': 'Authorization, *',
    'access-control-max-age': '86400',
  })
