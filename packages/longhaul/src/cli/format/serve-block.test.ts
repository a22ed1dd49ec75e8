import { describe, expect, it } from 'vitest'
import type { ProcessorDescription } from '../../processor/index.ts'
import { curlLine, processorLines, type Served } from './serve-block.ts'

const file = (media_type: string) => ({
  type: 'string',
  format: 'binary',
  'x-longhaul-file': { media_type },
})
const thumbnail: ProcessorDescription = {
  name: 'thumbnail',
  version: '1',
  description: '',
  runtime: 'python3.11',
  input: {
    type: 'object',
    properties: { image: file('image/*'), width: { type: 'integer', default: 256 } },
    required: ['image'],
  },
  output: { type: 'object', properties: { thumbnail: file('image/webp') } },
}
const segment: ProcessorDescription = {
  name: 'segment',
  version: '3',
  description: '',
  runtime: 'node24',
  input: {
    type: 'object',
    properties: {
      images: { type: 'array', items: file('image/*') },
      mode: { enum: ['fast', 'exact'] },
      limit: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    },
    required: ['images', 'mode'],
  },
  output: {
    type: 'object',
    properties: {
      made: { type: 'integer' },
      skipped: { type: 'array', items: { type: 'string' } },
    },
  },
}
const ready = (description: ProcessorDescription, slots = 2): Served => ({
  description,
  slots,
  state: { kind: 'ready', warmMs: 204 },
})

describe('what serve prints', () => {
  it('is the line that the README shows', () => {
    expect(processorLines([ready(thumbnail)], [])).toEqual([
      '  thumbnail   image: file · width: int = 256 → file   python3.11 · warm in 0.2 s · 2 slots',
    ])
    expect(curlLine(thumbnail, 'http://127.0.0.1:8000')).toBe(
      '  curl -OJ -F image=@cat.png http://127.0.0.1:8000/processors/thumbnail/run',
    )
  })

  it('shows choices, lists and what may be left out, and a curl line with what may not', () => {
    expect(processorLines([ready(segment, 1)], [])).toEqual([
      '  segment     images: file[] · mode: "fast" | "exact" · limit?: number → { made: int, skipped: text[] }   node24 · warm in 0.2 s · 1 slot',
    ])
    expect(curlLine(segment, 'http://h')).toBe(
      '  curl -F images=@cat.png -F mode=fast http://h/processors/segment/run',
    )
  })

  it('says of broken processors what is wrong, under each other', () => {
    const problem = {
      type: '',
      title: '',
      status: 503,
      detail: 'no weights',
      code: 'processor-broken',
    } as const
    const failed: Served = { description: segment, slots: 1, state: { kind: 'broken', problem } }
    const [line, broken] = processorLines(
      [failed],
      [{ name: 'bad', detail: 'SyntaxError\nline 3' }],
    )
    expect(line).toContain('node24 · setup failed: no weights')
    expect(broken).toBe('  bad         cannot be loaded: SyntaxError\n                line 3')
  })
})
