/** One frame of a server-sent event stream. A frame of comments only has no data and is not reported. */
export interface SseFrame {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Reads frames as they come; ends with the stream. Comments count as bytes for whoever watches the stream, not as frames. */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseFrame> {
  const decoder = new TextDecoder()
  let text = ''
  let id: string | undefined
  let event = ''
  let data: string[] = []
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    // A lone CR at the end may be half of a CRLF: it waits for the next chunk.
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    text = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') {
        const colon = line.indexOf(':')
        const field = colon === -1 ? line : line.slice(0, colon)
        const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
        if (field === 'data') data.push(value)
        else if (field === 'event') event = value
        else if (field === 'id' && !value.includes('\0')) id = value
        continue
      }
      if (data.length > 0) yield { id, event: event || 'message', data: data.join('\n') }
      id = undefined // per frame here: a progress frame has none, and must not seem to carry the one before
      event = ''
      data = []
    }
  }
}
