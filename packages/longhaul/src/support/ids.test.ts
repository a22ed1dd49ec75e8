import { expect, it } from 'vitest'
import { newId } from './ids.ts'

it('makes ids that sort by time and never repeat', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => newId('j', 1_700_000_000_000 + i))
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(1000)
  expect(ids[0]).toMatch(/^j_[0-9a-hjkmnp-tv-z]{26}$/)
})
