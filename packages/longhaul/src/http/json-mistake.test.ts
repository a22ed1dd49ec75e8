import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonMistakeAt } from './json-mistake.ts'

it.each([
  ['{"files": [,]}', 11],
  ['{"a":', 5],
  ['{"a" 1}', 5],
  ['{a: 1}', 1],
  ['{"a": 1,}', 8],
  ['[1 2]', 3],
  ['[1, 2', 5],
  ['{"a": 1]', 7],
  ['{} {}', 3],
  ['"abc', 0],
  ['  nul', 2],
  ['01', 1],
  ["{'a': 1}", 1],
  ['', 0],
])('%j goes wrong at %d', (text, position) => {
  expect(jsonMistakeAt(text)).toBe(position)
})

it('finds nothing wrong before the end of what is JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('', '  ', '\n'), (value, space) => {
      const text = JSON.stringify(value, undefined, space)
      expect(jsonMistakeAt(text)).toBe(text.length)
    }),
  )
})

it('never points behind what was cut off', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, cut) => {
      const text = JSON.stringify([value])
      const part = text.slice(0, cut % text.length)
      expect(jsonMistakeAt(part)).toBeLessThanOrEqual(part.length)
    }),
  )
})
