import { expect, it } from 'vitest'
import { isAsShown, typedIn } from './page.ts'

it('reads what is typed and what is shown', () => {
  expect(typedIn('$ a \\\n  b\nc\n$ d\n')).toEqual([
    { command: 'a \\\n  b', shown: 'c\n' },
    { command: 'd', shown: '\n' },
  ])
  expect(() => typedIn('a\n')).toThrow('begins with $')
})

it.each([
  ['a\nb\n', 'a\nb', true],
  ['a\nb', 'a', false],
  ['j_01m4x {x} 3 s', 'j_01k8… {x} … s', true],
  ['a\nb\nc\nd', 'a\n…\nd', true],
  ['a\nd', 'a\n…\nd', true],
  ['a\nb', 'a\n…\nd', false],
  ['a.b', 'aXb', false],
  ['aXb', 'a.b', false],
  ['done', '', false],
  ['', '', true],
])('%j is shown by %j: %s', (said, shown, is) => {
  expect(isAsShown(said, shown)).toBe(is)
})
