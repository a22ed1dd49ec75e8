import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'

/** The head of an endless answer of events (WHATWG HTML, server-sent events); who is cut off comes back after a second. */
export function beginEvents(
  response: ServerResponse,
  headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>,
): void {
  response.writeHead(200, {
    ...(headers as OutgoingHttpHeaders),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // nginx would keep the events back
  })
  response.write('retry: 1000\n\n')
}

/** Resolves when more may be written, and when nobody reads any more. */
export const drained = (sink: Writable): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      sink.off('drain', go)
      sink.off('close', go)
      resolve()
    }
    sink.on('drain', go)
    sink.on('close', go)
  })
