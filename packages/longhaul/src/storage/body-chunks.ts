import { addAbortSignal, Readable } from 'node:stream'
import type { Bytes } from './object-store.ts'

/** What is done with one piece at a time: hashing it takes a fraction of a millisecond. */
const pieceBytes = 256 * 1024

/**
 * The bytes of a body, whatever it is. A chunk is good until the next one is asked for: producers may use their buffer
 * again. Ends with the signal's reason, without waiting for a producer that hangs.
 */
export async function* chunksOf(
  body: Bytes,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted()
  if (typeof body === 'function') return yield* chunksOf(body(), signal)
  if (body instanceof Uint8Array) {
    // In pieces, so that hashing a large array does not hold up the event loop: whoever takes them waits in between.
    for (let from = 0; from < body.byteLength; from += pieceBytes) {
      signal?.throwIfAborted()
      yield body.subarray(from, from + pieceBytes)
    }
    return
  }
  if (body instanceof Readable && signal) addAbortSignal(signal, body)
  // Not through Readable.from(): it asks for the next chunk before this one is copied.
  const chunks = body instanceof Readable || !signal ? body : until(signal, body)
  for await (const chunk of chunks as AsyncIterable<unknown>) {
    if (typeof chunk === 'string') yield Buffer.from(chunk)
    else if (chunk instanceof Uint8Array) yield chunk
    else throw new TypeError('A body must consist of bytes')
  }
}

/** Does not wait for a producer that hangs. */
async function* until<T>(signal: AbortSignal, body: AsyncIterable<T>): AsyncGenerator<T> {
  const chunks = body[Symbol.asyncIterator]()
  // Not one promise raced against every chunk: it would remember them all.
  let stop: (reason: unknown) => void = () => {}
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        stop = reject
        if (signal.aborted) abort()
        chunks.next().then(resolve, reject)
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // Not awaited: a generator that hangs finishes its step first, if ever.
    chunks.return?.().catch(() => {})
  }
}
