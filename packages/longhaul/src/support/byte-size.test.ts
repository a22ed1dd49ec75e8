import { expect, it } from 'vitest'
import { parseByteSize } from './byte-size.ts'

it.each([
  ['4 GB', 4_000_000_000],
  ['4GiB', 4_294_967_296],
  ['512 kB', 512_000],
  ['1.5 MB', 1_500_000],
  ['7 B', 7],
])('reads %s', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})

it.each(['', '4', 'GB', '-4 GB', '0 B', '4 gb', '4 PB', '1,000 B'])(
  'refuses %j and says how to write one',
  (text) => {
    expect(() => parseByteSize(text)).toThrow(/is no size; write a number/)
  },
)
