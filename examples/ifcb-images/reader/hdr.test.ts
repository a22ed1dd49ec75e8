import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHeader } from './hdr.ts'

describe('parseHeader', () => {
  it('reads keyed lines with numbers, booleans and None', () => {
    const text = [
      'softwareVersion: 4.0.5.1',
      'sampleNumber: 12',
      'runTime: 1203.75',
      'gain: -1.5e-3',
      'debubble: True',
      'alarm: False',
      'operator: None',
      'serial: 007',
      'sampleTime: 2026-07-19T10:15:00Z',
      'note: ratio: 1', // two separators: says nothing
      'no separator here',
      'FileComment:',
      'big: 90071992547409930',
      '__proto__: 5',
    ].join('\r\n')
    const { context, values } = parseHeader(text)
    expect(context).toEqual(['softwareVersion: 4.0.5.1'])
    expect(Object.entries(values)).toEqual([
      ['softwareVersion', '4.0.5.1'],
      ['sampleNumber', 12],
      ['runTime', 1203.75],
      ['gain', -0.0015],
      ['debubble', true],
      ['alarm', false],
      ['operator', null],
      ['serial', '007'],
      ['sampleTime', '2026-07-19T10:15:00Z'],
      ['big', '90071992547409930'],
      ['__proto__', 5],
    ])
  })

  it('accepts the capital S', () => {
    expect(parseHeader('SoftwareVersion: x\na: 1').values['a']).toBe(1)
  })

  it('reads the sentences of version 2.0 of May 2010', () => {
    const { context, values } = parseHeader(
      [
        'Imaging FlowCytobot Acquisition Software version 2.0; May 2010',
        'Sample Date 2011-06-01',
        'run time = 1200.27 s   inhibit time = 31.5 s',
        '21.4 temperature,  35.05 humidity',
      ].join('\n'),
    )
    expect(values).toEqual({
      runTime: 1200.27,
      inhibitTime: 31.5,
      temperature: 21.4,
      humidity: 35.05,
    })
    expect(context).toHaveLength(4)
  })

  it('reads the quoted table of old files', () => {
    const { context, values } = parseHeader(
      [
        '"Imaging FlowCytobot Acquisition Software version 1.0; October 2005"',
        '"Heidi M. Sosik and Robert J. Olson"',
        '"Woods Hole Oceanographic Institution"',
        '"SyringeStatus =  0"',
        '"Temp Humidity BinarizeThresh PMT1hv(ssc) PMT2hv(chl) BlobSizeThresh"',
        '" 11.5"," 32.25"," 30"," .675"," .6"," 10"',
        '',
      ].join('\r\n'),
    )
    expect(context).toEqual([
      'Imaging FlowCytobot Acquisition Software version 1.0; October 2005',
      'Heidi M. Sosik and Robert J. Olson',
      'Woods Hole Oceanographic Institution',
      'SyringeStatus =  0',
    ])
    expect(values).toEqual({
      temperature: 11.5,
      humidity: 32.25,
      binarizeThreshold: 30,
      scatteringPhotomultiplierSetting: 0.675,
      fluorescencePhotomultiplierSetting: 0.6,
      blobSizeThreshold: 10,
    })
  })

  it('keeps a short old header as context alone', () => {
    expect(parseHeader('"one"\n"two"')).toEqual({ context: ['one', 'two'], values: {} })
    expect(parseHeader('')).toEqual({ context: [], values: {} })
  })

  it('never throws on arbitrary text', () => {
    const lines = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('softwareVersion: 1', 'a: b', '"1","2"')),
    )
    fc.assert(
      fc.property(lines, (texts) => {
        expect(() => JSON.stringify(parseHeader(texts.join('\n')))).not.toThrow()
      }),
    )
  })
})
