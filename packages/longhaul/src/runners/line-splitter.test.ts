import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

it('finds the same lines however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '\u2028'))),
      fc.array(fc.nat({ max: 50 })),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const splitter = new LineSplitter()
        const found: string[] = []
        let at = 0
        for (const length of cuts) {
          found.push(...splitter.feed(bytes.subarray(at, at + length)))
          at += length
        }
        found.push(...splitter.feed(bytes.subarray(at)))
        expect(found).toEqual(lines)
      },
    ),
  )
})

it('refuses a line without end', () => {
  const splitter = new LineSplitter(10)
  splitter.feed(Buffer.from('12345'))
  expect(() => splitter.feed(Buffer.from('678901'))).toThrow(RangeError)
})
