import { expect, it } from 'vitest'
import { parseEntrypoint } from './entrypoint.ts'

it('cuts at the first colon, and knows what is none', () => {
  expect(parseEntrypoint('quant.report:main')).toEqual({
    module: 'quant.report',
    attribute: 'main',
  })
  expect(parseEntrypoint('./a b.ts:x')).toBeUndefined()
  for (const text of [
    '',
    'a',
    ':a',
    'a:',
    'a:b.c',
    'a:b:c',
    'a:0',
    'a:b c',
    'a\n:b',
    'a:b\0',
    `${'a'.repeat(512)}:b`,
  ])
    expect(parseEntrypoint(text), text).toBeUndefined()
})
