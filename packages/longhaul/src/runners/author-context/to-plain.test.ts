import { expect, it } from 'vitest'
import { toPlain } from './to-plain.ts'

it('says in JSON whatever was returned, as text where JSON has no word', () => {
  class Thing {
    readonly name = 'x'
    method() {}
  }
  const map = new Map<unknown, unknown>([[1, { deep: undefined }]])
  expect(
    toPlain({
      map,
      set: new Set([2]),
      big: 2n ** 70n,
      nan: NaN,
      at: new Date(0),
      thing: new Thing(),
    }),
  ).toEqual({
    map: { '1': { deep: null } },
    set: [2],
    big: '1180591620717411303424',
    nan: null,
    at: '1970-01-01T00:00:00.000Z',
    thing: { name: 'x' },
  })
  expect(toPlain([new Uint8Array([104, 105]), new Float64Array([0.5]), Symbol('s')])).toEqual([
    'hi',
    [0.5],
    'Symbol(s)',
  ])
  expect(toPlain(new RangeError('odd'))).toBe('RangeError: odd')
  expect(toPlain(undefined)).toBeNull()
  const same = { a: 1 }
  expect(toPlain([same, same])).toEqual([same, same])
})

it('refuses what contains itself, and says where', () => {
  const inside: { self?: unknown } = {}
  inside.self = [inside]
  expect(() => toPlain(inside)).toThrow('the result.self.0 contains itself')
})
