import type { IncomingMessage } from 'node:http'

const methods = ['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * `X-HTTP-Method-Override`, for clients whose surroundings know GET and POST only: it "MUST be interpreted as the request's
 * method by the Server". Before anything looks at the method, and of uploads alone.
 */
export function overrideMethod(request: IncomingMessage): void {
  const wanted = request.headers['x-http-method-override']
  if (typeof wanted !== 'string' || !/^\/uploads(?:[/?]|$)/.test(request.url ?? '')) return
  const method = wanted.trim().toUpperCase()
  if (methods.includes(method)) request.method = method
}
