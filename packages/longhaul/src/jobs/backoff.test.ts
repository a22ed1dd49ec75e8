import { expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

it('doubles from one second up to ten minutes, shortened by at most a quarter', () => {
  for (let failures = 1; failures < 40; failures += 1) {
    const full = Math.min(1000 * 2 ** (failures - 1), 600_000)
    const wait = backoffMs(failures, `job-${failures}`)
    expect(wait).toBeLessThanOrEqual(full)
    expect(wait).toBeGreaterThanOrEqual(full * 0.75)
  }
})

it('spreads jobs that failed together, and is the same for the same history', () => {
  const waits = Array.from({ length: 100 }, (_, n) => backoffMs(5, `job-${n}`))
  expect(new Set(waits).size).toBeGreaterThan(80)
  expect(waits).toEqual(Array.from({ length: 100 }, (_, n) => backoffMs(5, `job-${n}`)))
})
