import { expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

it.each([
  ['12 h', 43_200_000],
  ['15 min', 900_000],
  ['500ms', 500],
  ['1.5 s', 1500],
  ['30sec', 30_000],
  ['2 d', 172_800_000],
])('reads %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each(['', '12', 'h', '-1 s', '0 s', '1 week', '1 h 30 min', '1e3 s', `${'9'.repeat(30)} d`])(
  'refuses %j and says how to write one',
  (text) => {
    expect(() => parseDuration(text)).toThrow(/is no duration; write a number/)
  },
)
