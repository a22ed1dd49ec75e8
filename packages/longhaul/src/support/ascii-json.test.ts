import { expect, it } from 'vitest'
import { asciiDocument, asciiLine } from './ascii-json.ts'

// What Python's json.dumps gives for the same.
it.each([
  [
    { a: 1, b: [1, 2, { c: null }], d: {}, e: [] },
    '{"a": 1, "b": [1, 2, {"c": null}], "d": {}, "e": []}',
  ],
  [{ text: 'é, {"a":1},\n  b' }, String.raw`{"text": "\u00e9, {\"a\":1},\n  b"}`],
  [{ '😀': '\u007F\u2028' }, String.raw`{"\ud83d\ude00": "\u007f\u2028"}`],
])('writes %j as the older systems do', (value, line) => {
  expect(asciiLine(value)).toBe(line)
  expect(JSON.parse(line)).toEqual(value)
})

it('indents a whole file by two', () => {
  expect(asciiDocument({ a: ['ö'] })).toBe('{\n  "a": [\n    "\\u00f6"\n  ]\n}')
})
