import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { patience, stalled, type Patience } from './patience.ts'
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
  readonly body?: unknown
}
interface RequestOptions {
  readonly abortSignal?: AbortSignal
  readonly requestTimeout?: number
}
interface Answer {
  readonly response: {
    readonly statusCode: number
    readonly reason?: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: Readable
  }
}

/** So much is written before the store must have taken it. */
const pieceBytes = 256 * 1024

/**
 * How requests reach the store. The SDK's own handler times a connection by its silence, so that it breaks off whoever
 * reads or produces slowly; this one counts only the time in which the store is to act: take what was written, answer,
 * or send what somebody waits for.
 */
export function httpHandler({ stallMs }: { readonly stallMs: number }) {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  }
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    destroy: () => Object.values(agents).forEach((agent) => agent.destroy()),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    handle: (request: Request, { abortSignal, requestTimeout }: RequestOptions = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const isSecure = request.protocol === 'https:'
        const sent = (isSecure ? https : http).request({
          host: request.hostname,
          port: request.port,
          method: request.method,
          path: pathOf(request),
          headers: request.headers,
          agent: agents[isSecure ? 'https:' : 'http:'],
        })
        const patienceMs = requestTimeout ?? stallMs
        const store = patience(patienceMs, (error) => sent.destroy(error))
        const abort = () => sent.destroy(abortSignal?.reason as Error)
        abortSignal?.addEventListener('abort', abort, { once: true })
        if (abortSignal?.aborted) abort()
        sent.once('close', () => {
          store.end()
          abortSignal?.removeEventListener('abort', abort)
        })
        sent.on('error', reject)
        let isAnswered = false
        sent.on('response', (response) => {
          isAnswered = true
          // An answer before the body was sent is a refusal: the rest need not be sent, and the connection is of no use.
          if (!sent.writableFinished) response.once('close', () => sent.destroy())
          store.end()
          watch(response, patienceMs)
          resolve({
            response: {
              statusCode: response.statusCode ?? 0,
              ...(response.statusMessage !== undefined && { reason: response.statusMessage }),
              headers: plainHeaders(response.headers),
              body: response,
            },
          })
        })
        send(sent, request.body, store, () => isAnswered).catch((error: unknown) =>
          sent.destroy(error as Error),
        )
      }),
  }
}

async function send(
  to: http.ClientRequest,
  body: unknown,
  store: Patience,
  answered: () => boolean,
): Promise<void> {
  for await (const chunk of chunksOf(body)) {
    for (let from = 0; from < chunk.byteLength; from += pieceBytes) {
      if (to.destroyed || answered()) return
      store.start()
      if (!to.write(chunk.subarray(from, from + pieceBytes))) await drained(to)
      store.stop()
    }
  }
  if (to.destroyed || answered()) return
  to.end()
  store.start()
}

function chunksOf(body: unknown): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (body === undefined || body === null) return []
  if (typeof body === 'string') return [Buffer.from(body)]
  if (body instanceof Uint8Array) return [body]
  if (body instanceof Readable) return body
  throw new TypeError('The body of a request to the store is of an unknown kind')
}

/** Or gone, which the next write says. */
const drained = (request: http.ClientRequest) =>
  new Promise<void>((resolve) => {
    const done = () => {
      request.off('drain', done).off('close', done).off('response', done)
      resolve()
    }
    request.on('drain', done).on('close', done).on('response', done)
  })

/**
 * The answer is read as it comes, by whoever reads it; this only looks now and then whether the store still sends. What it
 * has sent and nobody has taken is not its fault.
 */
function watch(response: http.IncomingMessage, ms: number): void {
  const { socket } = response
  let read = socket.bytesRead
  let idleLooks = 0
  const look = () => {
    const now = socket.bytesRead
    idleLooks = now === read && response.readableLength === 0 ? idleLooks + 1 : 0
    read = now
    if (idleLooks >= 4) response.destroy(stalled(ms))
  }
  const timer = setInterval(look, ms / 4).unref()
  response.once('close', () => clearInterval(timer))
}

function pathOf({ path, query }: Request): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value]
      .flat()
      .map((one) => (one === null ? uriEncode(name) : `${uriEncode(name)}=${uriEncode(one)}`)),
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

const plainHeaders = (headers: http.IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
