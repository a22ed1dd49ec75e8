import { describe, expect, it } from 'vitest'
import type { ProcessorDescription } from '../processor/description.ts'
import type { JsonObject } from '../support/json.ts'
import { inputSchemaOf, invalidRequest } from './index.ts'

const file = { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: 'image/*' } }
const schema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    images: { type: 'array', items: file, minItems: 1 },
    width: { type: 'integer', minimum: 16, default: 256 },
    ratio: { type: 'number' },
    flip: { type: 'boolean' },
    mode: { enum: ['fast', 'good'] },
    tags: { type: 'array', items: { type: 'integer' } },
    box: { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] },
    name: { type: 'string' },
  },
  required: ['images', 'width'],
}
const describe_ = (input: JsonObject): ProcessorDescription => ({
  name: 'p',
  version: '1',
  description: '',
  input,
  output: {},
})
const { check, fileFields } = inputSchemaOf(describe_(schema))
const place = ['body', 'input']

describe('JSON input', () => {
  it('gets defaults, and loses what the schema does not know', () => {
    expect(check({ images: [{}], other: 1 }, { place })).toEqual({
      ok: true,
      input: { images: [{}], width: 256 },
    })
  })

  it('is not coerced: text is no number', () => {
    expect(check({ images: [{}], width: '32' }, { place })).toMatchObject({
      ok: false,
      details: [{ type: 'integer_type', loc: ['body', 'input', 'width'], input: '32' }],
    })
  })

  it('hears of everything that is wrong at once, with its place', () => {
    const result = check({ width: 4, mode: 'x', box: {} }, { place })
    const details = result.ok ? [] : result.details
    expect(details.map(({ type, loc }) => [type, loc.join('.')])).toEqual(
      expect.arrayContaining([
        ['missing', 'body.input.images'],
        ['minimum', 'body.input.width'],
        ['enum', 'body.input.mode'],
        ['missing', 'body.input.box.x'],
      ]),
    )
    expect(details).toHaveLength(4)
  })

  it('knows how many files there must be, but leaves the files to others', () => {
    expect(fileFields.map(({ name }) => name)).toEqual(['images'])
    expect(check({ images: [] }, { place })).toMatchObject({ ok: false })
    expect(check({ images: ['anything', 3] }, { place })).toMatchObject({ ok: true })
  })

  it('does not ask for the files that a manifest will bring', () => {
    expect(check({}, { place, withoutFiles: true })).toEqual({ ok: true, input: { width: 256 } })
  })

  it('reports unknown fields where the author wants that', () => {
    const strict = inputSchemaOf(describe_({ ...schema, additionalProperties: false }))
    expect(strict.check({ images: [{}], widht: 3 }, { place })).toMatchObject({
      details: [{ type: 'extra_forbidden', loc: ['body', 'input', 'widht'] }],
    })
  })
})

describe('form input', () => {
  const read = (input: JsonObject) =>
    check({ images: [{}], ...input }, { place: ['body'], fromForm: true })

  it('turns text into what the schema wants', () => {
    expect(
      read({
        width: '32',
        ratio: '0.5',
        flip: 'on',
        tags: ['1', '2'],
        box: '{"x": 3}',
        name: '12',
      }),
    ).toMatchObject({
      ok: true,
      input: { width: 32, ratio: 0.5, flip: true, tags: [1, 2], box: { x: 3 }, name: '12' },
    })
  })

  it('makes one value a list of one where a list is wanted, and reads a JSON list', () => {
    expect(read({ tags: '7' })).toMatchObject({ input: { tags: [7] } })
    expect(read({ tags: '[7, 8]' })).toMatchObject({ input: { tags: [7, 8] } })
  })

  it('reads what may be null, and each of several forms', () => {
    const optional = (type: string) => ({ anyOf: [{ type }, { type: 'null' }], default: null })
    const properties = {
      n: optional('integer'),
      flag: optional('boolean'),
      note: optional('string'),
      ids: {
        anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }],
        default: null,
      },
      either: { anyOf: [{ type: 'integer' }, { type: 'string' }], default: 0 },
      choice: { enum: [1, 'auto', null] },
      listed: { type: ['number', 'null'] },
    }
    const loose = inputSchemaOf(describe_({ type: 'object', properties }))
    const form = (input: JsonObject) => {
      const read = loose.check(input, { place, fromForm: true })
      return read.ok ? read.input : read.details
    }
    const nothing = { n: null, flag: null, note: null, ids: null, either: 0 }
    expect(form({})).toEqual(nothing)
    expect(form({ n: '', flag: '', note: '' })).toEqual(nothing)
    expect(form({ n: '0', flag: 'no', note: '{', ids: '[0]', either: '7', choice: '1' })).toEqual({
      n: 0,
      flag: false,
      note: '{',
      ids: [0],
      either: 7,
      choice: 1,
    })
    expect(form({ either: 'x', choice: 'auto', listed: '0.5' })).toEqual({
      ...nothing,
      either: 'x',
      choice: 'auto',
      listed: 0.5,
    })
  })

  it('refuses a whole number that would be rounded', () => {
    expect(read({ width: '9007199254740993' })).toMatchObject({
      details: [{ type: 'integer_type' }],
    })
  })

  it('does not turn words into numbers', () => {
    expect(read({ width: 'wide' })).toMatchObject({
      details: [{ type: 'integer_type', loc: ['body', 'width'], input: 'wide' }],
    })
  })
})

describe('hostile input', () => {
  it('cannot bring files of its own beside a manifest', () => {
    const images = [{ uri: 's3://bucket/results/of-another/out.txt', name: 'x' }]
    expect(check({ images, width: 20 }, { place, withoutFiles: true })).toEqual({
      ok: true,
      input: { width: 20 },
    })
  })

  it('of a million mistakes gives no million findings', () => {
    const tags = Array.from({ length: 1_000_000 }, () => 'x')
    const result = check({ images: [{}], tags }, { place })
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.details).toHaveLength(1)
  })

  it('is told of a hundred mistakes, and how many more there are', () => {
    const tags = Array.from({ length: 5000 }, () => 'x')
    const result = check({ images: [{}], tags }, { place })
    if (result.ok) throw new Error('it passed')
    const { message, facts } = invalidRequest(result.details)
    expect(facts['errors']).toHaveLength(100)
    expect(message).toContain('and 4999 more')
  })

  it('has no number that takes longer to read than to send', () => {
    const given = { ratio: `${'1'.repeat(1_000_000)}x` }
    expect(check({ images: [{}], ...given }, { place, fromForm: true }).ok).toBe(false)
  })
})
