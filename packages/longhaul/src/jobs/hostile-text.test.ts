import { expect, it } from 'vitest'
import { hideMachinePaths } from '../support/machine-paths.ts'
import { parseRange } from './http-range.ts'
import { fieldsOf } from './read-form.ts'

// Each of these once took minutes; a test that hangs fails by its limit.
it('reads a Range header of blanks as nonsense, at once', () => {
  const blanks = ' '.repeat(15_000)
  expect(parseRange(`bytes=${blanks}-${blanks}x`, 10)).toBeUndefined()
  expect(parseRange(' bytes = 2 - 4 ', 10)).toEqual({ start: 2, end: 4 })
})

it('looks for paths in a long text in one pass', () => {
  const text = `/${')/'.repeat(300_000)}`
  expect(hideMachinePaths(text)).toBe(text)
})

it('gathers a field that comes thousands of times, and refuses more', () => {
  const repeated = (times: number) => new URLSearchParams('a&'.repeat(times))
  expect(fieldsOf(repeated(10_000))['a']).toHaveLength(10_000)
  expect(() => fieldsOf(repeated(10_001))).toThrow(/at most 10000/)
})
