import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** The next `length` bytes of a stream that goes on after them, as they come. Ends early where the stream does. */
export async function* takeBytes(from: Readable, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    const ready = Math.min(left, from.readableLength)
    const chunk = ready > 0 ? (from.read(ready) as Buffer | null) : null
    if (chunk === null) {
      if (from.readableEnded || from.destroyed) return
      from.read(0) // asks for more
      const waiting = new AbortController()
      const { signal } = waiting
      await Promise.race(
        ['readable', 'end', 'close'].map((event) => once(from, event, { signal }).catch(() => [])),
      )
      waiting.abort()
      continue
    }
    left -= chunk.length
    yield chunk
  }
}
