import { Readable } from 'node:stream'
import type { Bytes } from './object-store.ts'

const known = new WeakSet<object>()

/**
 * Whether the chunks of a body stay as they are, so that they may be kept and written uncopied. Those of a stream do; a
 * generator may use its buffer again as soon as it is asked for more.
 */
export const chunksLast = (body: Bytes): boolean =>
  body instanceof Readable || (typeof body === 'object' && known.has(body))

/** Says of a generator that it passes the chunks of another body on as they are: they last as long as those do. */
export function passing(source: Bytes, passed: AsyncIterable<Uint8Array>) {
  if (chunksLast(source)) known.add(passed)
  return passed
}
