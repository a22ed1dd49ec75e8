import { expect, it } from 'vitest'
import { isOutputName } from './output-name.ts'

it.each(['a.txt', 'masks/a.png', 'ö 1.txt', '.hidden', '...', 'a'.repeat(255)])(
  'takes %j',
  (name) => {
    expect(isOutputName(name)).toBe(true)
  },
)

it.each([
  '',
  '/abs',
  'a/',
  'a//b',
  '.',
  '..',
  '../up',
  'a/../b',
  'a\\b',
  'a\0',
  'a\nb',
  'x'.repeat(256),
  'a/'.repeat(500),
  undefined,
  7,
])('refuses %j', (name) => {
  expect(isOutputName(name)).toBe(false)
})
