import { describe, expect, it } from 'vitest'
import { groupBins } from './bin-files.ts'

const files = (...names: string[]) => names.map((name) => ({ name, path: `/in/${name}` }))
const old = 'IFCB5_2012_028_081515'
const modern = 'D20130526T094320_IFCB013'

describe('groupBins', () => {
  it('sorts files of several bins, in any order', () => {
    const { bins, mistakes } = groupBins(
      files(
        `${modern}.roi`,
        `${old}.adc`,
        `${modern}.hdr`,
        `${old}.hdr`,
        `${modern}.adc`,
        `${old}.roi`,
      ),
    )
    expect(mistakes).toEqual([])
    expect(bins.map(({ bin, adc }) => [bin.id, adc])).toEqual([
      [modern, `/in/${modern}.adc`],
      [old, `/in/${old}.adc`],
    ])
  })

  it('prefers a corrected .adc', () => {
    const { bins } = groupBins(files(`${old}.adc.mod`, `${old}.adc`, `${old}.hdr`, `${old}.roi`))
    expect(bins[0]?.adc).toBe(`/in/${old}.adc.mod`)
    expect(groupBins(files(`${old}.adc.mod`, `${old}.hdr`, `${old}.roi`)).mistakes).toEqual([])
  })

  it('names every mistake at once', () => {
    const { mistakes } = groupBins(
      files('cat.png', `${old}.adc`, `${modern}.roi`, `${modern}.adc`, 'x.hdr', `${old}.adc`),
    )
    expect(mistakes).toEqual([
      expect.stringMatching(/^cat\.png: not an IFCB file/),
      `${old}.adc: given twice`,
      `${old}: .hdr and .roi missing`,
      `${modern}: .hdr missing`,
      expect.stringMatching(/^x: not a bin's name; expected one like/),
    ])
  })

  it('wants files at all', () => {
    expect(groupBins([]).mistakes).toEqual([expect.stringMatching(/^no files/)])
  })
})
