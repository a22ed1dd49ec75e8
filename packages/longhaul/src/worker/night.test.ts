import { expect, it } from 'vitest'
import { msUntilNight } from './night.ts'

const hour = 3_600_000
const at = (hours: number) => new Date(2026, 10, 23, hours, 0, 0)

it('waits for the next night, never for none', () => {
  expect(msUntilNight(at(2), () => 0)).toBe(hour)
  expect(msUntilNight(at(3), () => 0)).toBe(24 * hour)
  expect(msUntilNight(at(4), () => 0)).toBe(23 * hour)
})

it('does not come twice in one night', () => {
  const first = new Date(at(2).getTime() + msUntilNight(at(2), () => 0))
  expect(msUntilNight(first, () => 0)).toBeGreaterThan(12 * hour)
})

it('spreads many processes over an hour', () => {
  expect(msUntilNight(at(2), () => 0.5)).toBe(1.5 * hour)
})
