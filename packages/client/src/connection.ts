import {
  causesOf,
  ServiceError,
  toServiceError,
  TransferError,
  UnreachableError,
} from './errors.ts'
import { pause } from './pause.ts'

export interface ConnectionOptions {
  /** Base of the service. A path in it (behind a proxy) is kept. */
  readonly url: string
  readonly token?: string | undefined
  /** @default the platform's fetch */
  readonly fetch?: Fetch | undefined
  /** Tries of a request that may be repeated. @default 5, the first pause 200 ms, doubling */
  readonly tries?: number | undefined
  readonly firstPauseMs?: number | undefined
  /** @default 30 s */
  readonly longestPauseMs?: number | undefined
  /** Told before each pause: a person may wonder why nothing moves. */
  readonly onRetry?: ((reason: Error, pauseMs: number) => void) | undefined
}
/** What fetch takes as a body, here and in a browser. */
export type Body = string | Blob | FormData | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
export type Fetch = (url: string, init: RequestInit & { duplex?: 'half' }) => Promise<Response>

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly json?: unknown
  /** Made anew for each try. `moved`: called while it is read, it puts off the end of `timeoutMs`. */
  readonly body?: (moved: () => void) => Body
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** It says the digest of its bytes: where others arrive, it is sent again. @default false */
  readonly hasDigest?: boolean
  /** False: a second try could do something twice, so there is none. @default true */
  readonly repeatable?: boolean
  /** Longest wait for the head of the answer, in which nothing moves. @default 30 s; 0 is for ever */
  readonly timeoutMs?: number
}

/** One service: sends requests, repeats what may be repeated, and turns every failure into an error that says what to do. */
export interface Connection {
  readonly url: string
  /** Answers only with 2xx; `path` may be an absolute URL that the service gave. */
  send(path: string, options?: RequestOptions): Promise<Response>
  read<T>(schema: Schema<T>, path: string, options?: RequestOptions): Promise<T>
}

/** The part of a zod schema that is used here. */
export interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false
        readonly error: {
          readonly issues: readonly {
            readonly path: readonly PropertyKey[]
            readonly message: string
          }[]
        }
      }
}

export function openConnection(options: ConnectionOptions): Connection {
  const base = baseOf(options.url)
  const doFetch: Fetch = options.fetch ?? ((url, init) => fetch(url, init))
  const tries = options.tries ?? 5
  const { firstPauseMs = 200, longestPauseMs = 30_000 } = options

  const once = async (url: URL, request: RequestOptions): Promise<Response> => {
    const headers = new Headers(request.headers)
    // Signed URLs may lead to another host, which must not see the key.
    if (options.token !== undefined && url.origin === base.origin) {
      headers.set('authorization', `Bearer ${options.token}`)
    }
    if (request.json !== undefined) headers.set('content-type', 'application/json')
    const head = new AbortController()
    const timeoutMs = request.timeoutMs ?? 30_000
    let timer: ReturnType<typeof setTimeout> | undefined
    let isAnswered = false
    const pass = (): void => head.abort(new DOMException('no answer in time', 'TimeoutError'))
    const wait = (): void => {
      clearTimeout(timer)
      // A body may still be read when it has been refused: nobody waits for that.
      if (timeoutMs > 0 && !isAnswered) timer = setTimeout(pass, timeoutMs)
    }
    const body = request.json === undefined ? request.body?.(wait) : JSON.stringify(request.json)
    wait()
    try {
      return await doFetch(url.href, {
        method: request.method ?? 'GET',
        headers,
        signal:
          request.signal === undefined
            ? head.signal
            : AbortSignal.any([head.signal, request.signal]),
        ...(body === undefined ? {} : { body, duplex: 'half' }),
      })
    } finally {
      isAnswered = true
      clearTimeout(timer)
    }
  }

  const send = async (path: string, request: RequestOptions = {}): Promise<Response> => {
    const url = locate(base, path, request.query)
    const name = `${request.method ?? 'GET'} ${url.origin}${url.pathname}`
    const allowed = request.repeatable === false ? 1 : tries
    for (let tried = 1; ; tried++) {
      let failure: Error
      try {
        const response = await once(url, request)
        if (response.ok) return response
        failure = await toServiceError(name, response)
        if (!mayPass(failure as ServiceError, request)) throw failure
      } catch (error) {
        request.signal?.throwIfAborted()
        if (error instanceof ServiceError) throw error
        // What is sent could not be read: no fault of the line, and no better the next time.
        const local = causesOf(error).find((cause) => cause instanceof TransferError)
        if (local !== undefined) throw local
        failure = new UnreachableError(base.origin, tried, error)
      }
      if (tried >= allowed) throw failure
      const pauseMs = retryPause(failure, Math.min(firstPauseMs * 2 ** (tried - 1), longestPauseMs))
      options.onRetry?.(failure, pauseMs)
      await pause(pauseMs, request.signal)
    }
  }

  const read: Connection['read'] = async (schema, path, request) => {
    const response = await send(path, request)
    const answer: unknown = await response.json().catch(() => undefined)
    const parsed = schema.safeParse(answer)
    if (parsed.success) return parsed.data
    const issue = parsed.error.issues[0]
    const where =
      issue === undefined ? '' : ` (${issue.path.join('.') || 'body'}: ${issue.message})`
    throw new ServiceError(
      `${request?.method ?? 'GET'} ${response.url || path}`,
      response.status,
      {
        detail: `The answer is not what a longhaul service says${where}; check the address and the versions`,
      },
      undefined,
    )
  }

  return { url: base.href.replace(/\/$/, ''), send, read }
}

/** Worth another try: overload, a proxy's errors and bytes that changed on their way, but no refusal that names its reason. */
function mayPass(error: ServiceError, { hasDigest = false }: RequestOptions): boolean {
  if (error.code === 'checksum-mismatch') return hasDigest
  if (error.status === 429) return error.code === 'too-many-requests' || error.code === 'unknown'
  if (error.status === 503) return ['unavailable', 'action-busy', 'unknown'].includes(error.code)
  return (error.status === 502 || error.status === 504) && error.code === 'unknown'
}

function retryPause(failure: Error, fallbackMs: number): number {
  const asked = failure instanceof ServiceError ? failure.retryAfterMs : undefined
  return Math.min(asked ?? fallbackMs, 30_000)
}

function baseOf(url: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  const base = URL.parse(text)
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(
      `${JSON.stringify(url)} is not the address of a service; give one like http://127.0.0.1:8000`,
    )
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

function locate(base: URL, path: string, query: RequestOptions['query'] = {}): URL {
  // Paths of ours go below the base; absolute URLs are the service's own.
  const url = /^https?:/.test(path) ? new URL(path) : new URL(path.replace(/^\//, ''), base)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url
}
