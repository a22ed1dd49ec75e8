import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attachment, matchesEtag, parseRange } from './http-range.ts'

describe('Range', () => {
  it.each([
    ['bytes=0-4', { start: 0, end: 4 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=8-100', { start: 8, end: 9 }],
    ['BYTES = 1 - 2', { start: 1, end: 2 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', undefined],
    ['bytes=0-1,4-5', undefined],
    ['lines=0-1', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
  ])('%s of ten bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected)
  })

  it('of nothing is never satisfiable', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
    expect(parseRange('bytes=-5', 0)).toBe('unsatisfiable')
  })

  it('never leaves the object', () => {
    const number = fc.option(fc.nat(), { nil: '' })
    fc.assert(
      fc.property(number, number, fc.nat(), (from, to, size) => {
        const range = parseRange(`bytes=${from}-${to}`, size)
        if (range === undefined || range === 'unsatisfiable') return
        expect(range.start).toBeGreaterThanOrEqual(0)
        expect(range.end).toBeGreaterThanOrEqual(range.start)
        expect(range.end).toBeLessThan(size)
      }),
    )
  })
})

it('If-None-Match compares weakly and knows lists and *', () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '*'])
    expect(matchesEtag(header, '"a"')).toBe(true)
  for (const header of ['"b"', 'a', undefined]) expect(matchesEtag(header, '"a"')).toBe(false)
})

it.each([
  ['cells.csv', 'attachment; filename="cells.csv"'],
  ['masks/shard-0.tar', 'attachment; filename="shard-0.tar"'],
  ['a"b\\c.txt', `attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt`],
  ['größe.csv', `attachment; filename="gr__e.csv"; filename*=UTF-8''gr%C3%B6%C3%9Fe.csv`],
])('%s is offered under its own name', (name, expected) => {
  expect(attachment(name)).toBe(expected)
})
