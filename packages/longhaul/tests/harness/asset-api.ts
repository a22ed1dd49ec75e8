import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** One call that brought a file and the key. */
export interface ApiCall {
  readonly idempotencyKey: string
  readonly text: string
}
interface Odd {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Somebody's paid API, and beside it a server of assets: what comes of each is in its path. */
export interface AssetApiServer {
  readonly url: string
  readonly port: number
  readonly calls: ApiCall[]
  /** How often it was asked for each asset. */
  readonly fetches: Map<string, number>
  /** Calls that are paid for: those with one idempotency key once. */
  readonly charged: () => number
  /** In place of an answer; 'silence' is none at all. */
  odd: (call: ApiCall) => Odd | 'silence' | undefined
  assetUrl(path: string): string
  stop(): Promise<void>
}

export async function startAssetApi(key: string): Promise<AssetApiServer> {
  const calls: ApiCall[] = []
  const fetches = new Map<string, number>()
  const paid = new Set<string>()
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0] ?? ''
    if (request.method === 'GET') return serveAsset(path, response)
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const form = await new Response(await buffer(request), { headers }).formData()
    if (request.headers['x-api-key'] !== key) return end(response, { status: 401 })
    const given = form.get('image_file') ?? form.get('text')
    const call = {
      idempotencyKey: [request.headers['idempotency-key'] ?? ''].flat()[0] ?? '',
      text: given instanceof File ? await given.text() : String(given),
    }
    calls.push(call)
    const odd = api.odd(call)
    if (odd === 'silence') return
    if (odd !== undefined) return end(response, odd)
    paid.add(call.idempotencyKey)
    const type = path === '/segment' ? 'image/png' : 'text/plain'
    end(response, { status: 200, headers: { 'content-type': type }, body: `cut:${call.text}` })
  }

  function serveAsset(path: string, response: ServerResponse): void {
    fetches.set(path, (fetches.get(path) ?? 0) + 1)
    const [, status] = /^\/status-(\d+)/.exec(path) ?? []
    const [, to] = /^\/to\/(.*)/.exec(path) ?? []
    if (status !== undefined) end(response, { status: Number(status) })
    else if (to !== undefined)
      end(response, { status: 302, headers: { location: decodeURIComponent(to) } })
    else if (path.startsWith('/text'))
      end(response, { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' })
    else if (path.startsWith('/huge'))
      end(response, { status: 200, headers: png, body: 'x'.repeat(200_000) })
    else end(response, { status: 200, headers: png, body: `asset ${path}` })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const api: AssetApiServer = {
    url: `http://127.0.0.1:${port}`,
    ...{ port, calls, fetches },
    charged: () => paid.size,
    odd: () => undefined,
    assetUrl: (path) => `http://127.0.0.1:${port}/${path}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return api
}

const png = { 'content-type': 'image/png' }

function end(response: ServerResponse, { status, headers = {}, body = '' }: Odd): void {
  response.writeHead(status, headers).end(body)
}
