import { describe, expect, it } from 'vitest'
import { nextStep, retryAfterMs } from './next-step.ts'

const failed = { status: 500, error: 'It answered 500.', durationMs: 1 }
const pauses = (chance: number): number[] => {
  const all: number[] = []
  for (let tries = 1; ; tries += 1) {
    const step = nextStep(failed, tries, 16, chance)
    if (step.kind !== 'again') return all
    all.push(step.afterMs / 1000)
  }
}

describe('after a try', () => {
  it('is done when the receiver took it, the last time too', () => {
    const taken = { status: 204, error: null, durationMs: 1 }
    expect(nextStep(taken, 1, 16)).toEqual({ kind: 'delivered' })
    expect(nextStep(taken, 16, 16)).toEqual({ kind: 'delivered' })
  })

  it('waits longer each time, up to six hours, and gives up after two days', () => {
    const longest = pauses(1)
    expect(longest.slice(0, 8)).toEqual([5, 20, 80, 320, 1280, 5120, 20_480, 21_600])
    expect(longest).toHaveLength(15)
    const days = longest.reduce((sum, seconds) => sum + seconds) / 86_400
    expect(days).toBeGreaterThan(2)
    expect(days).toBeLessThan(2.5)
  })

  it('comes at another time than others that failed with it', () => {
    expect(pauses(0)[3]).toBe(240)
    expect(pauses(0.5)[3]).toBe(280)
  })

  it('does as the receiver says, within a day', () => {
    expect(nextStep({ ...failed, retryAfterMs: 0 }, 1, 16)).toEqual({ kind: 'again', afterMs: 0 })
    const step = nextStep({ ...failed, retryAfterMs: 1e12 }, 1, 16)
    expect(step).toEqual({ kind: 'again', afterMs: 86_400_000 })
    expect(nextStep({ ...failed, retryAfterMs: 0 }, 16, 16)).toEqual({ kind: 'dead' })
  })

  it('gives up at once where another try would be of no use', () => {
    expect(nextStep({ ...failed, final: true }, 1, 16)).toEqual({ kind: 'dead' })
  })
})

it('reads Retry-After in seconds and as a date, and nothing else', () => {
  const now = Date.UTC(2026, 10, 23)
  expect(retryAfterMs('120', now)).toBe(120_000)
  expect(retryAfterMs(new Date(now + 5000).toUTCString(), now)).toBe(5000)
  expect(retryAfterMs(new Date(now - 5000).toUTCString(), now)).toBe(0)
  expect([retryAfterMs('soon', now), retryAfterMs(undefined, now)]).toEqual([undefined, undefined])
})
