import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isLonghaulError, type LonghaulError } from '../errors/index.ts'
import { boundedList } from './bounded-list.ts'
import { parseRequest } from './parse-request.ts'

const schema = z.object({
  files: boundedList(z.object({ name: z.string() }), { min: 1, max: 1000 }),
})
const refusal = (files: unknown): LonghaulError => {
  try {
    parseRequest(schema, { files }, 'body')
  } catch (error) {
    if (isLonghaulError(error)) return error
  }
  throw new Error('it was accepted')
}
const details = (files: unknown) => refusal(files).facts['details'] as { loc: unknown[] }[]

describe('boundedList', () => {
  it('takes what a list takes', () => {
    const files = [{ name: 'a' }, { name: 'b' }]
    expect(parseRequest(schema, { files }, 'body')).toEqual({ files })
  })

  it('names wrong items where they are, in the words of a list', () => {
    expect(details([{ name: 'a' }, { name: 1 }, {}])).toMatchObject([
      { loc: ['body', 'files', 1, 'name'], type: 'string_type', input: 1 },
      { loc: ['body', 'files', 2, 'name'], type: 'missing' },
    ])
    expect(details([])).toMatchObject([{ loc: ['body', 'files'], type: 'too_short' }])
    expect(details('a')).toMatchObject([{ loc: ['body', 'files'], type: 'list_type' }])
    expect(details(undefined)).toMatchObject([{ loc: ['body', 'files'], type: 'missing' }])
  })

  it('looks at the length before it looks at items', () => {
    expect(details(Array.from({ length: 1001 }, () => 7))).toMatchObject([
      { loc: ['body', 'files'], type: 'too_long', ctx: { max_length: 1000, actual_length: 1001 } },
    ])
  })

  it('stops at twenty wrong items', () => {
    expect(details(Array.from({ length: 1000 }, () => 7))).toHaveLength(20)
  })

  it('is described as a list', () => {
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
      properties: { files: { type: 'array', minItems: 1, maxItems: 1000 } },
    })
  })
})
