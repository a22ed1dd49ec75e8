import type { Readable } from 'node:stream'

/** The next `length` bytes of a stream that goes on after them, as they come. Ends early where the stream does. */
export async function* takeBytes(from: Readable, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    const ready = Math.min(left, from.readableLength)
    const chunk = ready > 0 ? (from.read(ready) as Buffer | null) : null
    if (chunk !== null) {
      left -= chunk.length
      yield chunk
    } else if (from.readableEnded || from.destroyed) return
    else await more(from)
  }
}

function more(from: Readable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close'] as const
    const heard = (): void => {
      for (const event of events) from.off(event, heard)
      resolve()
    }
    for (const event of events) from.on(event, heard)
    from.read(0) // asks for more
  })
}
