import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Loose } from './http-service.ts'
import { until } from './until.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON. */
  readonly json: Loose
}
type Answer = {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface Receiver {
  readonly port: number
  readonly url: string
  readonly received: Received[]
  /** How it answers from now on. @default 200 */
  answer: (received: Received) => Answer
  /** Waits for what came to a path. */
  at(path: string, count?: number): Promise<readonly Received[]>
  stop(): Promise<void>
}

/** Somebody else's server, to which callbacks are sent. */
export async function startReceiver(host = '127.0.0.1'): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      const one: Received = {
        path: request.url ?? '',
        headers: request.headers,
        text,
        get json(): unknown {
          return JSON.parse(text) as unknown
        },
      }
      received.push(one)
      const { status, headers, body } = receiver.answer(one)
      response.writeHead(status, headers).end(body)
    })
  }).listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    port,
    url: `http://${host}:${port}`,
    received,
    answer: () => ({ status: 200 }),
    at: (path, count = 1) =>
      until(`${count} at ${path}`, () => {
        const there = received.filter((one) => one.path === path)
        return there.length >= count ? there : undefined
      }),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return receiver
}
