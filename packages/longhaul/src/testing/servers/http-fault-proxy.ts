import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * `internal-error`, `slow-down`: S3's own words for 500 and 503, nothing carried out. `reset`: the line breaks before the
 * request is passed on. `lost-answer`: it is carried out, and the line breaks before the answer. `stall`: no answer ever.
 */
export type HttpFault = 'internal-error' | 'slow-down' | 'reset' | 'lost-answer' | 'stall'

export interface HttpFaultProxy extends AsyncDisposable {
  readonly url: string
  /** How often each fault struck. */
  readonly struck: Readonly<Record<HttpFault, number>>
  stop(): Promise<void>
}

const answers = {
  'internal-error': [500, 'InternalError', 'We encountered an internal error. Please try again.'],
  'slow-down': [503, 'SlowDown', 'Please reduce your request rate.'],
} as const

/**
 * An S3 server on a bad day: passes requests on to `target` with every header as it came, so that signatures hold, unless
 * `faultFor` names what shall happen to one.
 */
export async function startHttpFaultProxy(
  target: string,
  faultFor: (request: { readonly method: string; readonly path: string }) => HttpFault | undefined,
): Promise<HttpFaultProxy> {
  const { hostname, port } = new URL(target)
  const struck = { 'internal-error': 0, 'slow-down': 0, reset: 0, 'lost-answer': 0, stall: 0 }
  const server = createServer((request, response) => {
    const fault = faultFor({ method: request.method ?? '', path: request.url ?? '' })
    if (fault !== undefined) struck[fault] += 1
    switch (fault) {
      case 'reset':
        request.socket.resetAndDestroy()
        return
      case 'stall':
        return
      case 'internal-error':
      case 'slow-down':
        return answer(request, response, fault)
      default:
        passOn(request, response, fault === 'lost-answer')
    }
  })
  // The answer to Expect: 100-continue is the store's to give.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function passOn(request: IncomingMessage, response: ServerResponse, losesAnswer: boolean): void {
    const onward = ask(
      { host: hostname, port, method: request.method, path: request.url, agent: false },
      (answered) => {
        if (losesAnswer) {
          answered.resume().once('end', () => request.socket.resetAndDestroy())
          return
        }
        response.writeHead(answered.statusCode ?? 502, answered.rawHeaders)
        // Some stores send a body all the same, which then is no HTTP any more.
        if (request.method === 'HEAD') response.end()
        else answered.once('error', () => request.socket.destroy()).pipe(response)
      },
    )
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      onward.setHeader(request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? '')
    onward.on('continue', () => response.writeContinue())
    onward.on('error', () => {
      if (!response.writableEnded) request.socket.destroy()
    })
    response.once('close', () => {
      if (!response.writableFinished) onward.destroy()
    })
    request.pipe(onward)
  }

  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    struck,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  fault: keyof typeof answers,
): void {
  const [status, code, message] = answers[fault]
  request.resume()
  response.writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  )
}
