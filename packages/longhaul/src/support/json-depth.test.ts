import { expect, it } from 'vitest'
import type { Json } from './json.ts'
import { isDeeperThan } from './json-depth.ts'

const nested = (levels: number): Json => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as Json

it('counts objects and lists that lie in each other', () => {
  expect(isDeeperThan(0, 'text')).toBe(false)
  expect(isDeeperThan(2, { a: [1] })).toBe(false)
  expect(isDeeperThan(1, { a: [1] })).toBe(true)
  expect(isDeeperThan(3, [1, 2, { a: nested(2) }])).toBe(true)
})

it('goes no deeper than it is asked', () => {
  expect(isDeeperThan(100, nested(5000))).toBe(true)
})
