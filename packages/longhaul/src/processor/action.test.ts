import { expect, it } from 'vitest'
import { z } from 'zod'
import {
  action,
  defineProcessor,
  defineService,
  describeProcessor,
  renderBytes,
  ActionError,
} from './index.ts'
import { file } from './file.ts'

const run = () => 'x'

it('refuses at once what could not be served', () => {
  expect(() => action({ path: 'a', run })).toThrow(/write one like/)
  expect(() => action({ path: '/a/:b', run })).toThrow(/write one like/)
  expect(() => action({ path: '/a/{b}', run })).toThrow(
    'params must have exactly the names in the path /a/{b}: b; got none',
  )
  expect(() => action({ params: { b: z.string() }, run })).toThrow(/got b/)
  expect(() => action({ path: '/{a}/{a}', params: { a: z.string() }, run })).toThrow(/of one name/)
  expect(() => action({ methods: [], run })).toThrow(/methods must be/)
  expect(() => defineService({ name: 'x', actions: {} })).toThrow('has no actions')
  expect(() => defineService({ name: 'x', actions: { 'a/b': action({ run }) } })).toThrow(
    /part of its URL/,
  )
  expect(() => renderBytes('', 'text/plain', { status: 404 })).toThrow(/throw an ActionError/)
  expect(() => new ActionError(418 as never, '')).toThrow(/one of the statuses/)
})

it('says of itself what is needed to serve it, and no more', () => {
  const service = defineService({
    name: 'x',
    actions: {
      plain: action({ run }),
      png: action({
        output: file('image/png'),
        timeout: '2 s',
        maxBytes: '1 kB',
        run: () => new Uint8Array(),
      }),
    },
  })
  const object = { type: 'object', properties: {}, additionalProperties: false }
  expect(describeProcessor(service)).toMatchObject({
    jobs: false,
    actions: [
      {
        name: 'plain',
        input: object,
        params: object,
        methods: ['POST'],
        timeout_ms: 30_000,
        max_bytes: 16 * 2 ** 20,
      },
      { name: 'png', media_type: 'image/png', timeout_ms: 2000, max_bytes: 1000 },
    ],
  })
  expect(describeProcessor(defineProcessor({ name: 'y', run }))).not.toHaveProperty('jobs')
})

it('becomes a job only of a processor that takes its input', () => {
  const preview = action({ input: { size: z.int() }, respondAsync: true, run })
  const of = (input: Record<string, z.ZodType>) => () =>
    describeProcessor(defineProcessor({ name: 'y', input, run, actions: { preview } }))
  expect(of({ size: z.int(), more: z.int().default(1) })).not.toThrow()
  expect(of({ width: z.int() })).toThrow(
    'y.preview has respondAsync, but jobs of the processor have no field size',
  )
})
