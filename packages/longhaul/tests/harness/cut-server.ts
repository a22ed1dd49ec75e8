import { once } from 'node:events'
import {
  createServer,
  request as ask,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { seededRandom } from '../../src/testing/torture/seeded-random.ts'

export interface CutServer extends AsyncDisposable {
  readonly url: string
  readonly host: string
  /** Cuts that struck. */
  readonly cuts: number
  /** Bytes of bodies that may be cut, as far as they were sent. */
  readonly sent: number
  /** So many of the next bodies are cut, where the seed says. */
  cutNext(count: number, seed: number): void
}
export interface CutAnswer {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: Uint8Array | string
  /** Bytes of a file: the line may break among them. */
  readonly mayBeCut?: boolean
}

/** A server of one test whose lines break: somewhere in a body, or before its first byte. */
export async function startCutServer(
  answer: (request: IncomingMessage) => CutAnswer | Promise<CutAnswer>,
): Promise<CutServer> {
  let left = 0
  let random = seededRandom(0)
  let cuts = 0
  let sent = 0
  const server = createServer((request, response) => {
    void Promise.resolve(answer(request)).then((said) => send(response, said))
  })

  function send(response: ServerResponse, { status, headers, body = '', mayBeCut }: CutAnswer) {
    const bytes = Buffer.from(body)
    const known = headers !== undefined && 'transfer-encoding' in headers
    response.writeHead(status, {
      ...(known ? {} : { 'content-length': bytes.length }),
      connection: 'close',
      ...headers,
    })
    if (mayBeCut !== true || left <= 0) {
      if (mayBeCut === true) sent += bytes.length
      response.end(bytes)
      return
    }
    left--
    cuts++
    // Nothing at all comes now and then: that is what ends attempts.
    const at = random.chance(0.4) ? 0 : random.between(0, bytes.length - 1)
    sent += at
    if (at === 0) response.flushHeaders()
    response.write(bytes.subarray(0, at), () => response.destroy())
    if (at === 0) response.destroy()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ host, url: `http://${host}` },
    get cuts() {
      return cuts
    },
    get sent() {
      return sent
    },
    cutNext(count, seed) {
      left = count
      random = seededRandom(seed)
      cuts = 0
      sent = 0
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** In front of another server: every request as it came, so that signatures hold. */
export async function passOn(target: string, request: IncomingMessage): Promise<CutAnswer> {
  const { hostname, port } = new URL(target)
  const { method, url, headers } = request
  const onward = ask({ hostname, port, method, path: url, headers, agent: false })
  onward.end()
  const [reply] = (await once(onward, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk as Buffer)
  const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = reply.headers
  return {
    status: reply.statusCode ?? 500,
    headers: kept,
    body: Buffer.concat(chunks),
    mayBeCut: method === 'GET',
  }
}

export function bytesOf(size: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((random.next() * 2 ** 32) >>> 0, at)
  return bytes
}
