import { ingestStart } from '@longhaul/protocol'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { isLonghaulError } from '../errors/index.ts'
import { laxInteger, parseRequest } from './index.ts'

function refusal(schema: z.ZodType, data: unknown) {
  try {
    parseRequest(schema, data, 'body')
  } catch (error) {
    if (isLonghaulError(error, 'invalid-request')) return error.facts
    throw error
  }
  throw new Error('nothing was refused')
}

it.each([undefined, null])('an absent body (%s) is one missing field called body', (data) => {
  expect(refusal(ingestStart, data)).toEqual({
    details: [{ type: 'missing', loc: ['body'], msg: 'Field required' }],
    errors: [{ pointer: '', detail: 'Field required' }],
  })
})

it('says what FastAPI says, with the place of every mistake', () => {
  const { details, errors } = refusal(ingestStart, {
    files: [
      { filename: 5, size_bytes: 0 },
      { size_bytes: 1.5 },
      { filename: 'a', size_bytes: 'x' },
    ],
  })
  expect(details).toEqual([
    {
      type: 'string_type',
      loc: ['body', 'files', 0, 'filename'],
      msg: 'Input should be a valid string',
      input: 5,
    },
    {
      type: 'greater_than',
      loc: ['body', 'files', 0, 'size_bytes'],
      msg: 'Input should be greater than 0',
      input: 0,
      ctx: { gt: 0 },
    },
    { type: 'missing', loc: ['body', 'files', 1, 'filename'], msg: 'Field required' },
    {
      type: 'int_from_float',
      loc: ['body', 'files', 1, 'size_bytes'],
      msg: 'Input should be a valid integer, got a number with a fractional part',
      input: 1.5,
    },
    {
      type: 'int_parsing',
      loc: ['body', 'files', 2, 'size_bytes'],
      msg: 'Input should be a valid integer, unable to parse string as an integer',
      input: 'x',
    },
  ])
  expect(errors).toContainEqual({
    pointer: '/files/1/filename',
    detail: 'Field required',
  })
})

it('an empty list is too short, as the older services said it', () => {
  expect(refusal(ingestStart, { files: [] })['details']).toMatchObject([
    {
      type: 'too_short',
      ctx: { field_type: 'List', min_length: 1, actual_length: 0 },
    },
  ])
})

it.each([[[]], ['text'], [3]])('a body that is no object (%j) is said to be none', (data) => {
  expect(refusal(ingestStart, data)['details']).toMatchObject([
    { type: 'model_attributes_type', loc: ['body'] },
  ])
})

it('does not say back what is long', () => {
  const [detail] = refusal(z.object({ n: z.int() }), { n: 'x'.repeat(1000) })['details'] as object[]
  expect(detail).not.toHaveProperty('input')
})

it('ignores fields it does not know', () => {
  expect(parseRequest(z.object({ a: z.string() }), { a: 'x', b: 1 }, 'body')).toEqual({ a: 'x' })
})

it.each([
  ['12', 12],
  ['12.0', 12],
  [' 12 ', 12],
  ['1_000', 1000],
  ['+2', 2],
  [12.0, 12],
  [true, 1],
  [['3', '4'], 4],
])('reads %j as the integer %d, as older clients send it', (given, expected) => {
  expect(parseRequest(laxInteger(z.int()), given, 'query')).toBe(expected)
})

it.each([12.5, '12.5', '1e3', '１２', null, '', 'x', {}])(
  'does not read %j as an integer',
  (given) => {
    expect(() => parseRequest(z.object({ n: laxInteger(z.int()) }), { n: given }, 'body')).toThrow()
  },
)
