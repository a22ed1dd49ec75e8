import { expect, it } from 'vitest'
import { fileFieldsOf } from './file-fields.ts'

it('finds single, repeated and optional file fields in order', () => {
  const one = { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: 'image/*' } }
  const fields = fileFieldsOf({
    type: 'object',
    properties: {
      a: one,
      n: { type: 'integer' },
      b: { type: 'array', items: one },
      c: { anyOf: [one, { type: 'null' }] },
    },
    required: ['a'],
  })
  expect(fields.map(({ name, many, required }) => [name, many, required])).toEqual([
    ['a', false, true],
    ['b', true, false],
    ['c', false, false],
  ])
  expect(fields[0]?.mediaType).toBe('image/*')
  expect(fileFieldsOf({})).toEqual([])
})
