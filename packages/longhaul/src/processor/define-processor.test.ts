import { expect, expectTypeOf, it } from 'vitest'
import { action, defineProcessor, file, z } from '../index.ts'
import type { InputFile } from './file.ts'
import { isProcessor } from './define-processor.ts'

const noop = () => undefined

it('types the input, and infers warm from setup', () => {
  defineProcessor({
    name: 'typed',
    input: {
      images: file('image/*').many(),
      mask: file().optional(),
      width: z.int().default(256),
      note: z.string().optional(),
    },
    output: { made: z.int(), skipped: z.array(z.string()), best: file('image/webp').optional() },
    setup: async () => ({ model: new Map<string, number>() }),
    async run({ input, params, warm, inputs, outputs }) {
      expectTypeOf(input.images).toEqualTypeOf<InputFile[]>()
      expectTypeOf(input.mask).toEqualTypeOf<InputFile | undefined>()
      expectTypeOf(input.width).toEqualTypeOf<number>()
      expectTypeOf(params).toEqualTypeOf<{ width: number; note?: string | undefined }>()
      expectTypeOf(warm.model).toEqualTypeOf<Map<string, number>>()
      expectTypeOf(inputs).toEqualTypeOf<readonly InputFile[]>()
      return { made: 1, skipped: [], best: outputs.path('best.webp') }
    },
  })
})

it('checks what run returns against the output', () => {
  const out = { out: file() }
  // @ts-expect-error made is missing
  defineProcessor({ name: 'a', output: { made: z.int() }, run: () => ({}) })
  // @ts-expect-error a file is what outputs gave, not a path
  defineProcessor({ name: 'a', output: out, run: () => ({ out: '/tmp/x' }) })
  // @ts-expect-error a promise that nobody awaits is no file
  defineProcessor({ name: 'a', output: out, run: (c) => ({ out: c.outputs.write('x', '') }) })
  // @ts-expect-error no such unit
  expect(() => defineProcessor({ name: 'a', timeout: '12 parsecs', run: noop })).toThrow()
  // @ts-expect-error there is no setup
  defineProcessor({ name: 'a', run: ({ warm }) => String(warm.model) })
})

it('needs neither input nor output, and takes whole objects and single types', () => {
  defineProcessor({ name: 'bare', run: noop })
  defineProcessor({
    name: 'object',
    input: z.object({ a: z.number() }),
    output: z.number(),
    run: ({ input }) => input.a * 2,
  })
  defineProcessor({
    name: 'one-file',
    output: file('text/plain'),
    run: ({ outputs }) => outputs.write('a.txt', 'hello'),
  })
})

it('lets an action answer a file with its bytes', () => {
  defineProcessor({
    name: 'preview',
    actions: {
      preview: action({
        input: { image: file('image/*'), width: z.int() },
        output: file('image/webp'),
        run: ({ input }) => Promise.resolve(new Uint8Array(input.width)),
      }),
    },
    run: noop,
  })
})

it('resolves durations, sizes and defaults', () => {
  const processor = defineProcessor({
    name: 'limits',
    timeout: '12 h',
    silence: '15 min',
    retry: { attempts: 3 },
    resources: { memory: '4 GB' },
    run: noop,
  })
  expect(processor).toMatchObject({
    timeoutMs: 43_200_000,
    silenceMs: 900_000,
    attempts: 3,
    memoryBytes: 4e9,
    runner: 'process',
  })
  expect(isProcessor(processor)).toBe(true)
  expect(isProcessor({ ...processor })).toBe(false)
})

it.each([
  [{ name: 'no spaces please' }, /part of its URL/],
  [{ name: '../up' }, /part of its URL/],
  [{ name: 'x', run: undefined }, /no run function/],
  [{ name: 'x', input: { width: 3 } }, /input.width is no zod 4 schema/],
  [{ name: 'x', input: z.string() }, /input must be a shape/],
  [{ name: 'x', timeout: 'soon' }, /is no duration/],
  [{ name: 'x', retry: { attempts: 0 } }, /retry.attempts must be a whole number/],
])('refuses %j with a sentence', (options, message) => {
  expect(() => defineProcessor({ run: noop, ...options } as never)).toThrow(message)
})

it('refuses fields that the author did not declare, but keeps them in a result', () => {
  const { input, output } = defineProcessor({
    name: 'x',
    input: { width: z.int() },
    output: { width: z.int() },
    run: () => ({ width: 1 }),
  })
  expect(input.safeParse({ width: 1, widht: 2 }).success).toBe(false)
  expect(output?.parse({ width: 1, extra: 2 })).toEqual({ width: 1, extra: 2 })
})
