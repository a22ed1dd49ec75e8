import type { FastifyInstance, FastifyRequest } from 'fastify'
import { newId } from '../support/ids.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the caller's W3C trace, when it sent one. */
    traceId: string | undefined
  }
}

/** The caller's own id where it is harmless, so that one id runs through a chain of services. */
export function requestIdOf(request: { headers: Record<string, unknown> }): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : newId('r')
}

/** One line per request, when it is over. Paths only: a query may carry a signature. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('traceId', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    request.traceId = traceIdOf(request.headers['traceparent'])
    void reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      { ...describe(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    )
    done()
  })
}

function describe(request: FastifyRequest): Record<string, unknown> {
  return {
    method: request.method,
    path: request.url.split('?')[0],
    owner: request.owner === '' ? undefined : request.owner,
    trace_id: request.traceId,
  }
}

/** `00-<trace id>-<parent id>-<flags>`; anything else is as good as none. */
function traceIdOf(header: unknown): string | undefined {
  if (typeof header !== 'string') return undefined
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(header)?.[1]
  return trace === undefined || /^0+$/.test(trace) ? undefined : trace
}
