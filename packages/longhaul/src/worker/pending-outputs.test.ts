import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkOutputName, partBytesFor } from './pending-outputs.ts'

describe('output names', () => {
  it.each(['a.txt', 'deep/er/a.txt', 'häß lich.bin', '..a', 'a..b'])('takes %j', (name) => {
    expect(checkOutputName(name)).toBe(name)
  })
  it.each([
    '',
    '/abs',
    '../x',
    'a/../b',
    'a//b',
    'a/',
    '.',
    'a\0b',
    'a\nb',
    'a\\b',
    'x'.repeat(5000),
  ])('refuses %j', (name) => {
    expect(() => checkOutputName(name)).toThrow(/cannot be used/)
  })
})

it('chooses parts that fit the limits of the store, for any size', () => {
  const limits = { minPartBytes: 5 * 2 ** 20, maxParts: 10_000 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5e13 }), (size) => {
      const part = partBytesFor(size, limits)
      expect(part).toBeGreaterThanOrEqual(limits.minPartBytes)
      expect(Math.ceil(size / part)).toBeLessThanOrEqual(limits.maxParts)
    }),
  )
})
