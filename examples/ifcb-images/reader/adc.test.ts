import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAdc } from './adc.ts'

const old = (trigger: string, ...rest: (string | number)[]) =>
  [trigger, ...Array<string>(8).fill('.5'), ...rest, '-.27'].join(',')
const modern = (trigger: string, ...rest: (string | number)[]) =>
  [trigger, ...Array<string>(12).fill('0.5'), ...rest, ...Array<string>(6).fill('1')].join(',')

describe('parseAdc', () => {
  it('finds the columns of an old-style line', () => {
    const { targets } = parseAdc(`${old('7', 202, 673, 96, 45, 1)},\n`, 'I')
    expect(targets).toEqual([
      { number: 1, trigger: 7, x: 202, y: 673, width: 96, height: 45, offset: 1 },
    ])
  })

  it('finds the columns of a new-style line, which lie elsewhere', () => {
    const line = modern('7', 202, 673, 96, 45, 0)
    expect(line.split(',')).toHaveLength(24)
    expect(parseAdc(line, 'D').targets).toEqual([
      { number: 1, trigger: 7, x: 202, y: 673, width: 96, height: 45, offset: 0 },
    ])
  })

  it('numbers by line, counting blank, malformed and empty lines', () => {
    const text = [
      old('1', 0, 0, 8, 8, 1),
      '',
      old('2', 0, 0, '8.0', 8, 65), // not an integer
      'half a li',
      old('3', -11, -11, 0, 0, 65), // no image
      old(' 4 ', '+5', '-6', ' 8', '8 ', 65),
    ].join('\r\n')
    const adc = parseAdc(text, 'I')
    expect(adc.targets.map(({ number }) => number)).toEqual([1, 6])
    expect(adc.targets[1]).toMatchObject({ trigger: 4, x: 5, y: -6, width: 8 })
    expect(adc).toMatchObject({ lines: 6, withoutImage: 1, malformed: 3 })
  })

  it.each([
    '12.0',
    '',
    ' ',
    '1e3',
    '0x10',
    '--1',
    '1 2',
    'NaN',
    '９',
    '1_000',
    '99999999999999999999',
  ])('takes a line whose offset is %j for malformed', (offset) => {
    expect(parseAdc(old('1', 0, 0, 8, 8, offset), 'I')).toMatchObject({
      targets: [],
      malformed: 1,
    })
  })

  it('takes an old line read as new style, too short for it, for malformed', () => {
    expect(parseAdc(old('1', 0, 0, 8, 8, 1), 'D')).toMatchObject({ targets: [], malformed: 1 })
  })

  it('keeps a negative size: it is usable by the rule and unreadable by the file', () => {
    expect(parseAdc(old('1', 0, 0, -8, 8, 1), 'I').targets).toHaveLength(1)
  })

  it('has no line in an empty file and none after the last line end', () => {
    expect(parseAdc('', 'I').lines).toBe(0)
    expect(parseAdc('\n', 'I').lines).toBe(1)
    expect(parseAdc('\n\n', 'I').lines).toBe(2)
  })

  it('refuses more lines than a ROI id can number', () => {
    expect(() => parseAdc('\n'.repeat(100_000), 'I')).toThrow(/99999 lines/)
  })

  it('gives back every table it was printed from, whatever lies between', () => {
    const number = fc.integer({ min: -100_000, max: 100_000 })
    const line = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(number, number, number, number, number, number) },
      { weight: 1, arbitrary: fc.constantFrom('', ',,,', 'x', '1,2,3', '\t') },
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 30 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(['I', old] as const, ['D', modern] as const),
        (rows, end, [style, print]) => {
          const text = rows
            .map((row) => (typeof row === 'string' ? row : print(String(row[0]), ...row.slice(1))))
            .map((row) => row + end)
            .join('')
          const expected = rows.flatMap((row, index) => {
            if (typeof row === 'string') return []
            const [trigger, x, y, width, height, offset] = row
            if (width === 0 || height === 0) return []
            return [{ number: index + 1, trigger, x, y, width, height, offset }]
          })
          const adc = parseAdc(text, style)
          expect(adc.targets).toEqual(expected)
          expect(adc.lines).toBe(rows.length)
          expect(adc.targets.length + adc.withoutImage + adc.malformed).toBe(adc.lines)
        },
      ),
    )
  })

  it('never throws on arbitrary text', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('I' as const, 'D' as const), (text, style) => {
        const adc = parseAdc(text, style)
        expect(adc.targets.length + adc.withoutImage + adc.malformed).toBe(adc.lines)
      }),
    )
  })
})
