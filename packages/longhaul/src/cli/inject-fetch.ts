import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Fetch } from '@longhaul/client'
import type { App } from '../app/index.ts'

/** A fetch that reaches an app of this process without a port, streams included. */
export function injectFetch(app: Pick<App, 'inject'>): Fetch {
  return async (url, { method = 'GET', headers, body, signal }) => {
    const { pathname, search } = new URL(url)
    const answer = await app.inject({
      method: method as 'GET',
      url: pathname + search,
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { payload: body } : {}),
      ...(signal ? { signal } : {}),
      payloadAsStream: true,
    })
    const empty = [204, 205, 304].includes(answer.statusCode)
    const stream = Readable.toWeb(answer.stream()) as ReadableStream<Uint8Array>
    return new Response(empty ? null : (stream as never), {
      status: answer.statusCode,
      headers: Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
    })
  }
}
