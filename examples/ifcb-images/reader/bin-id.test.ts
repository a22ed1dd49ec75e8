import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBinId, roiIdOf } from './bin-id.ts'

describe('parseBinId', () => {
  it('reads a new-style name', () => {
    expect(parseBinId('D20130526T094320_IFCB013')).toEqual({
      id: 'D20130526T094320_IFCB013',
      style: 'D',
      instrument: 13,
      time: new Date('2013-05-26T09:43:20Z'),
      dayDirectory: 'D20130526',
    })
  })

  it('reads an old-style name, whose date is a day of the year', () => {
    expect(parseBinId('IFCB5_2012_028_081515')).toEqual({
      id: 'IFCB5_2012_028_081515',
      style: 'I',
      instrument: 5,
      time: new Date('2012-01-28T08:15:15Z'),
      dayDirectory: 'IFCB5_2012_028',
    })
  })

  it.each([
    'D20130532T094320_IFCB013', // day 32
    'D20130231T094320_IFCB013',
    'D20131301T094320_IFCB013',
    'D20130526T240000_IFCB013',
    'D20130526T094320_IFCB013.adc',
    'd20130526T094320_IFCB013',
    'IFCB5_2013_366_081515', // 2013 has 365 days
    'IFCB5_2012_000_081515',
    'IFCB5_2012_28_081515',
    'IFCB5_2012_028_081560',
    'notes',
    '',
  ])('takes %j for no bin', (name) => {
    expect(parseBinId(name)).toBeUndefined()
  })

  it('knows day 366 of a leap year', () => {
    expect(parseBinId('IFCB1_2012_366_235959')?.time).toEqual(new Date('2012-12-31T23:59:59Z'))
  })

  it('gives back every moment that a name was made from', () => {
    const moments = fc.date({
      min: new Date('2000-01-01T00:00:00Z'),
      max: new Date('2099-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 999 }), (moment, instrument) => {
        const text = moment.toISOString()
        const day = text.slice(0, 10).replaceAll('-', '')
        const clock = text.slice(11, 19).replaceAll(':', '')
        const whole = new Date(`${text.slice(0, 19)}Z`)
        const first = Date.UTC(moment.getUTCFullYear(), 0, 1)
        const ofYear = Math.floor((moment.getTime() - first) / 86_400_000) + 1
        const old = `IFCB${instrument}_${text.slice(0, 4)}_${String(ofYear).padStart(3, '0')}_${clock}`
        expect(parseBinId(`D${day}T${clock}_IFCB${instrument}`)?.time).toEqual(whole)
        expect(parseBinId(old)?.time).toEqual(whole)
        expect(parseBinId(old)?.instrument).toBe(instrument)
      }),
    )
  })
})

describe('roiIdOf', () => {
  it('pads the number to exactly five digits', () => {
    expect(roiIdOf('IFCB5_2012_028_081515', 3)).toBe('IFCB5_2012_028_081515_00003')
    expect(roiIdOf('b', 99_999)).toBe('b_99999')
  })

  it.each([0, -1, 1.5, 100_000])('refuses %d', (target) => {
    expect(() => roiIdOf('b', target)).toThrow(RangeError)
  })
})
