import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFrames, type SseFrame } from './sse.ts'

async function* cut(text: string, at: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  const edges = [0, ...at.map((n) => n % bytes.length).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i])
}
async function frames(text: string, at: readonly number[] = []): Promise<SseFrame[]> {
  const all: SseFrame[] = []
  for await (const frame of readFrames(cut(text, at))) all.push(frame)
  return all
}

describe('reading an event stream', () => {
  it('gives each frame with its own id, and none to a frame without', async () => {
    expect(
      await frames('id: 7\nevent: started\ndata: {"a":\ndata: 1}\n\nevent: progress\ndata: x\n\n'),
    ).toEqual([
      { id: '7', event: 'started', data: '{"a":\n1}' },
      { id: undefined, event: 'progress', data: 'x' },
    ])
  })

  it('says nothing of comments and of a frame that never ended', async () => {
    expect(await frames(': still here\n\ndata: whole\n\ndata: half')).toEqual([
      { id: undefined, event: 'message', data: 'whole' },
    ])
  })

  it('reads the same whatever the line ends are and wherever the chunks break', async () => {
    const text = 'id: 1\nevent: message\ndata: Größe 5 µm\n\n: 15 s\n\nid: 2\ndata: b\n\n'
    const expected = await frames(text)
    expect(expected).toHaveLength(2)
    const ends = fc.constantFrom('\n', '\r\n', '\r')
    await fc.assert(
      fc.asyncProperty(ends, fc.array(fc.nat(), { maxLength: 20 }), async (end, at) => {
        const seen = await frames(text.replaceAll('\n', end) + (end === '\r' ? ': end\r' : ''), at)
        expect(seen).toEqual(expected)
      }),
    )
  })
})
