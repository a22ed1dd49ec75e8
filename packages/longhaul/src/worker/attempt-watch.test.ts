import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AttemptWatch, type LimitPassed } from './attempt-watch.ts'

let passed: LimitPassed[]
beforeEach(() => {
  passed = []
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())
const watch = (limits: { timeoutMs?: number; silenceMs?: number }) =>
  new AttemptWatch(
    { timeoutMs: limits.timeoutMs, silenceMs: limits.silenceMs },
    (limit) => void passed.push(limit),
  )

it('counts no silence before the author’s code runs', async () => {
  const one = watch({ silenceMs: 1000 })
  await vi.advanceTimersByTimeAsync(60_000) // the warm child is still at its imports
  expect([one.silentMs, passed]).toEqual([0, []])
  one.begin()
  await vi.advanceTimersByTimeAsync(900)
  one.alive()
  await vi.advanceTimersByTimeAsync(900)
  expect(passed).toEqual([])
  await vi.advanceTimersByTimeAsync(600)
  expect(passed[0]).toBe('silent')
  one.end()
})

it('counts no silence while longhaul itself is at work for the attempt', async () => {
  const one = watch({ silenceMs: 1000 })
  one.begin()
  const sent = Promise.withResolvers<void>()
  const during = one.during(sent.promise)
  await vi.advanceTimersByTimeAsync(60_000) // a large output on a slow line
  expect(passed).toEqual([])
  sent.resolve()
  await during
  await vi.advanceTimersByTimeAsync(900)
  expect(passed).toEqual([])
  one.end()
})

it('counts the deadline from the claim, staging and waiting included', async () => {
  const one = watch({ timeoutMs: 5000 })
  await vi.advanceTimersByTimeAsync(5000)
  expect(passed).toEqual(['deadline'])
  one.end()
})

it('says nothing any more when the attempt has ended', async () => {
  const one = watch({ timeoutMs: 5000, silenceMs: 1000 })
  one.begin()
  one.end()
  await vi.advanceTimersByTimeAsync(60_000)
  expect([one.silentMs, passed]).toEqual([0, []])
})
