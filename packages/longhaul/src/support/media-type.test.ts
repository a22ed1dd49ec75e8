import { expect, it } from 'vitest'
import { headerMediaType } from './media-type.ts'

it.each(['image/png', 'text/plain; charset=utf-8', 'application/vnd.a+json'])(
  'keeps %s',
  (type) => {
    expect(headerMediaType(type)).toBe(type)
  },
)
it.each(['', 'png', 'text/plain\r\nx-evil: 1', 'text/größe', `a/${'b'.repeat(300)}`])(
  'takes %j for bytes',
  (type) => {
    expect(headerMediaType(type)).toBe('application/octet-stream')
  },
)
