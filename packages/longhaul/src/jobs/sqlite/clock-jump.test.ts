import { expect, it } from 'vitest'
import { clockJumpGuard } from './clock-jump.ts'

it('leaves leases alone for one lease after the machine slept, and only then', () => {
  let monotonic = 0
  const holdsBack = clockJumpGuard(30_000, () => monotonic)
  const pass = (databaseMs: number, monotonicMs: number) => {
    monotonic += monotonicMs
    database += databaseMs
    return holdsBack(database)
  }
  let database = 1_000_000
  expect(pass(0, 0)).toBe(false)
  expect(pass(5_000, 5_000)).toBe(false)
  // A busy process that sweeps late is not a machine that slept.
  expect(pass(300_000, 300_000)).toBe(false)
  expect(pass(8 * 3_600_000, 5_000)).toBe(true)
  expect(pass(29_000, 29_000)).toBe(true)
  expect(pass(1_001, 1_001)).toBe(false)
  // A clock that is set back only makes leases last longer.
  expect(pass(-3_600_000, 5_000)).toBe(false)
})
