import { Readable } from 'node:stream'
import type { Outbound } from '../../outbound/index.ts'
import { uriEncode } from '../../support/uri-encode.ts'

/** What the SDK hands over, as far as it is used here. */
interface Request {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
}

/** The SDK's requests go through the guard: the endpoint is one that somebody else chose. Only what reads can be sent. */
export const guardedHandler = (
  outbound: Outbound,
  { maxBytes, silenceMs, timeoutMs }: { maxBytes: number; silenceMs: number; timeoutMs: number },
) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  destroy: () => {},
  updateHttpClientConfig: () => {},
  httpHandlerConfigs: () => ({}),
  async handle(request: Request, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) {
    const { method, headers } = request
    if (method !== 'GET' && method !== 'HEAD') throw new Error(`A source is not sent a ${method}`)
    const { host: _host, ...sent } = headers
    const reply = await outbound.send({
      ...{ url: urlOf(request), method, headers: sent, maxBytes, silenceMs, timeoutMs },
      ...(abortSignal && { signal: abortSignal }),
    })
    if (method === 'HEAD') reply.close()
    return {
      response: {
        statusCode: reply.status,
        headers: Object.fromEntries(
          Object.entries(reply.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
        ),
        body:
          method === 'HEAD' ? Readable.from([]) : Readable.from(reply.body, { objectMode: false }),
      },
    }
  },
})

function urlOf({ protocol, hostname, port, path, query }: Request): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => `${uriEncode(name)}=${uriEncode(one ?? '')}`),
  )
  const at = port === undefined ? hostname : `${hostname}:${port}`
  return `${protocol}//${at}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
}
