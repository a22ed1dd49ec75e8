import { expect, it } from 'vitest'
import { bytes, count, duration, rate } from './quantity.ts'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [4096, '4.1 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [742e9, '742 GB'],
  [1.2e12, '1.2 TB'],
  [58e12, '58 TB'],
  [5e18, '5,000 PB'],
])('writes %d bytes as %s', (size, text) => {
  expect(bytes(size)).toBe(text)
})

it.each([
  [8, '8 ms'],
  [200, '0.2 s'],
  [8000, '8 s'],
  [9949, '9.9 s'],
  [25_000, '25 s'],
  [99_499, '99 s'],
  [25 * 60_000, '25 min'],
  [70 * 60_000, '1 h 10'],
  [59.6 * 60_000, '1 h 00'],
  [76 * 3_600_000, '3 d 4 h'],
])('writes %d ms as %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

it('groups thousands and slows down to minutes and hours', () => {
  expect(count(1_234_567)).toBe('1,234,567')
  expect(count(710)).toBe('710')
  expect(rate(38.2)).toBe('38/s')
  expect(rate(1.25)).toBe('1.3/s')
  expect(rate(0.5)).toBe('30/min')
  expect(rate(0.001)).toBe('3.6/h')
})
