import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { passing } from '../storage/index.ts'

/** Announced by `Content-Length`; undefined when the body comes in chunks, of which nobody knows how many. */
export function announcedBytes(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length']
  if (length !== undefined) return Number(length)
  return headers['transfer-encoding'] === undefined ? 0 : undefined
}

export const hasBody = (headers: IncomingHttpHeaders): boolean => announcedBytes(headers) !== 0

/**
 * The bytes as they come. Never destroys the request, whose answer is still to come. A client that sends nothing for
 * `silenceMs` is gone, whatever its connection says; how long all of it takes is its own affair.
 */
export const bytesOf = (
  request: IncomingMessage,
  body: unknown,
  silenceMs: number,
): AsyncIterable<Uint8Array> =>
  body instanceof Readable ? passing(body, read(request, body, silenceMs)) : none()

async function* read(
  request: IncomingMessage,
  body: Readable,
  silenceMs: number,
): AsyncGenerator<Uint8Array> {
  // Without a listener the server destroys the connection. inject() has none.
  if (request.socket instanceof Socket) request.setTimeout(silenceMs)
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  } finally {
    body.resume() // what is left, when it was refused in the middle: the connection goes on behind it
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}
