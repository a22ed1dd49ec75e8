import { expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

it('lets each caller have as many calls as said, and evenly after that', () => {
  let now = 0
  const limit = new RateLimit(() => now)
  const take = (owner: string) => {
    try {
      limit.take('a', owner, { calls: 2, per_ms: 10_000 })
      return 'taken'
    } catch (error) {
      return (error as { facts: { retry_after_seconds: number } }).facts.retry_after_seconds
    }
  }
  expect([take('ana'), take('ana'), take('ana'), take('ben')]).toEqual([
    'taken',
    'taken',
    5,
    'taken',
  ])
  now = 5000
  expect([take('ana'), take('ana')]).toEqual(['taken', 5])
  now = 100_000
  expect([take('ana'), take('ana'), take('ana')]).toEqual(['taken', 'taken', 5])
})
