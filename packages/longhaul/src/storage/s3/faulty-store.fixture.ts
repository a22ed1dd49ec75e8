import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong with one request. */
export type Fault =
  | 'internal error'
  | 'slow down'
  /** Before a byte is read. */
  | 'reset'
  /** In the middle of what is sent. */
  | 'cut request'
  /** In the middle of the answer, the head of which has come. */
  | 'cut answer'
  /** The store has done it, and nobody hears of it. */
  | 'lost answer'
  | 'stall'
  /** In the middle of the answer. */
  | 'stalled answer'

export const faults: readonly Fault[] = [
  'internal error',
  'slow down',
  'reset',
  'cut request',
  'cut answer',
  'lost answer',
  'stall',
  'stalled answer',
]

export interface FaultyStore {
  readonly endpoint: string
  /** Asked for each request; undefined lets it through. */
  decide: (request: http.IncomingMessage) => Fault | undefined
  /** How many requests were spoilt. */
  readonly spoilt: () => number
  stop(): Promise<void>
}

/** Stands between the driver and a store, and spoils what it is told to. */
export async function faultyStore(target: string): Promise<FaultyStore> {
  let spoilt = 0
  const server = http.createServer((request, response) => {
    const fault = store.decide(request)
    if (fault !== undefined) spoilt++
    handle(target, request, response, fault)
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const store: FaultyStore = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    decide: () => undefined,
    spoilt: () => spoilt,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return store
}

function handle(
  target: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  fault: Fault | undefined,
): void {
  const break_ = () => request.socket.resetAndDestroy()
  switch (fault) {
    case 'internal error':
      return refuse(request, response, 500, 'InternalError')
    case 'slow down':
      return refuse(request, response, 503, 'SlowDown')
    case 'reset':
      return void break_()
    case 'stall':
      return void request.resume()
    default:
  }
  const { hostname, port } = new URL(target)
  const { method, url: path, headers } = request
  const forwarded = http.request({ hostname, port, method, path, headers }, (answer) => {
    // What has no body is said whole or not at all.
    const isBare = answer.statusCode === 204 || answer.statusCode === 304
    if (isBare && fault === 'stalled answer') return
    if (fault === 'lost answer' || (isBare && fault === 'cut answer')) {
      answer.resume().once('end', break_)
      return
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    let left = fault === 'cut answer' || fault === 'stalled answer' ? half(answer) : Infinity
    if (left === 0) response.flushHeaders()
    answer.on('data', (chunk: Buffer) => {
      if (!response.write(chunk.subarray(0, left))) {
        answer.pause()
        response.once('drain', () => answer.resume())
      }
      left -= chunk.byteLength
      if (left > 0) return
      answer.destroy()
      // What was written arrives, however busy everybody is; then nothing more comes.
      if (fault === 'cut answer') request.socket.destroySoon()
    })
    answer.on('end', () => {
      if (fault === 'cut answer') break_()
      else if (fault !== 'stalled answer') response.end()
    })
  })
  forwarded.on('error', break_)
  let toCome = fault === 'cut request' ? half(request) : Infinity
  if (toCome === 0) {
    forwarded.destroy()
    return void break_()
  }
  request.on('data', (chunk: Buffer) => {
    if (!forwarded.write(chunk.subarray(0, toCome))) {
      request.pause()
      forwarded.once('drain', () => request.resume())
    }
    toCome -= chunk.byteLength
    if (toCome > 0) return
    forwarded.destroy()
    break_()
  })
  request.on('end', () => forwarded.end())
  request.on('close', () => {
    if (!request.complete) forwarded.destroy()
  })
}

const half = ({ headers }: http.IncomingMessage): number =>
  Math.floor(Number(headers['content-length'] ?? 0) / 2)

function refuse(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  status: number,
  code: string,
): void {
  request.resume()
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made up</Message></Error>`
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(request.method === 'HEAD' ? undefined : body)
}
