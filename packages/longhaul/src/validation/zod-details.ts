import type { ValidationDetail } from '@longhaul/protocol'
import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Said = Pick<ValidationDetail, 'type' | 'msg' | 'ctx'>

/** zod's findings in the words that clients of FastAPI services read (five-systems 0.3, Y.2 15). */
export function detailsOf(
  issues: readonly Issue[],
  place: string,
  data: unknown,
): ValidationDetail[] {
  return issues.map((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
    const input = valueAt(data, path)
    const said = input === undefined ? missing : wordsFor(issue, input)
    return { ...said, loc: [place, ...path], ...(isSmall(input) ? { input } : {}) }
  })
}

const missing: Said = { type: 'missing', msg: 'Field required' }

function wordsFor(issue: Issue, input: unknown): Said {
  switch (issue.code) {
    case 'invalid_type':
      return wordsForType(issue.expected, input)
    case 'too_small':
      return wordsForLimit(issue.origin, 'least', Number(issue.minimum), issue.inclusive, input)
    case 'too_big':
      return wordsForLimit(issue.origin, 'most', Number(issue.maximum), issue.inclusive, input)
    case 'invalid_value': {
      const expected = issue.values.map((value) => `'${String(value)}'`).join(' or ')
      return { type: 'enum', msg: `Input should be ${expected}`, ctx: { expected } }
    }
    default:
      return { type: 'value_error', msg: issue.message }
  }
}

function wordsForType(expected: string, input: unknown): Said {
  switch (expected) {
    case 'int':
    case 'number':
      if (typeof input === 'string')
        return {
          type: 'int_parsing',
          msg: 'Input should be a valid integer, unable to parse string as an integer',
        }
      return typeof input === 'number'
        ? {
            type: 'int_from_float',
            msg: 'Input should be a valid integer, got a number with a fractional part',
          }
        : { type: 'int_type', msg: 'Input should be a valid integer' }
    case 'array':
      return { type: 'list_type', msg: 'Input should be a valid list' }
    case 'object':
    case 'record':
      return {
        type: 'model_attributes_type',
        msg: 'Input should be a valid dictionary or object to extract fields from',
      }
    default:
      return { type: `${expected}_type`, msg: `Input should be a valid ${expected}` }
  }
}

function wordsForLimit(
  origin: string,
  side: 'least' | 'most',
  limit: number,
  inclusive: boolean | undefined,
  input: unknown,
): Said {
  const short = side === 'least'
  if (origin === 'array') {
    const length = Array.isArray(input) ? input.length : 0
    return {
      type: short ? 'too_short' : 'too_long',
      msg: `List should have at ${side} ${limit} item${limit === 1 ? '' : 's'} after validation, not ${length}`,
      ctx: {
        field_type: 'List',
        [short ? 'min_length' : 'max_length']: limit,
        actual_length: length,
      },
    }
  }
  if (origin === 'string')
    return {
      type: short ? 'string_too_short' : 'string_too_long',
      msg: `String should have at ${side} ${limit} character${limit === 1 ? '' : 's'}`,
      ctx: { [short ? 'min_length' : 'max_length']: limit },
    }
  const word = short ? 'greater' : 'less'
  return inclusive === false
    ? {
        type: `${word}_than`,
        msg: `Input should be ${word} than ${limit}`,
        ctx: { [short ? 'gt' : 'lt']: limit },
      }
    : {
        type: `${word}_than_equal`,
        msg: `Input should be ${word} than or equal to ${limit}`,
        ctx: { [short ? 'ge' : 'le']: limit },
      }
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

/** What was sent is said back only where it helps: not a megabyte of it. */
const isSmall = (input: unknown): boolean =>
  input !== undefined &&
  (typeof input !== 'object' || input === null) &&
  (typeof input !== 'string' || input.length <= 200)
