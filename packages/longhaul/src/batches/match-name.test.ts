import { expect, it } from 'vitest'
import { matchesName } from './match-name.ts'

it.each([
  ['*.tif', 'a.tif', true],
  ['*.tif', 'scans/a.tif', false],
  ['**/*.tif', 'a.tif', true],
  ['**/*.tif', 'scans/2026/a.tif', true],
  ['**/*.tif', 'scans/a.png', false],
  ['scans/**', 'scans/x/y', true],
  ['scans/**/a?.tif', 'scans/a1.tif', true],
  ['scans/**/a?.tif', 'scans/b/c/a12.tif', false],
  ['a*b*c', 'a-b-bc', true],
  ['a*b*c', 'a-b-bd', false],
  ['a.tif', 'aXtif', false],
])('%s and %s: %s', (pattern, name, expected) => {
  expect(matchesName(pattern, name)).toBe(expected)
})

it('is done soon, whatever the pattern', () => {
  expect(matchesName('*a'.repeat(200) + 'b', 'a'.repeat(900))).toBe(false)
  expect(matchesName('**/a/'.repeat(100) + 'b', 'a/'.repeat(400) + 'c')).toBe(false)
})
