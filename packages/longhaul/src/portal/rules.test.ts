import { describe, expect, it } from 'vitest'
import { ruleFor } from './rules.ts'

const rules = [
  { match: 'image/*', processor: 'thumbs' },
  { match: '*.nc', processor: 'convert' },
  { match: 'scans/*.txt', processor: 'read' },
  { match: 'run-??.dat', processor: 'parse' },
]
const processorFor = (name: string, mediaType: string | null = null) =>
  ruleFor(rules, { name, mediaType })?.processor

describe('a rule', () => {
  it('fits a media type, whatever its parameters', () => {
    expect(processorFor('a', 'image/png')).toBe('thumbs')
    expect(processorFor('a', 'IMAGE/PNG; x=1')).toBe('thumbs')
    expect(processorFor('image/png')).toBeUndefined()
    expect(processorFor('a', 'text/plain')).toBeUndefined()
  })

  it('fits a name, with its folders or without', () => {
    expect(processorFor('a.nc')).toBe('convert')
    expect(processorFor('deep/in/A.NC')).toBe('convert')
    expect(processorFor('a.nc.gz')).toBeUndefined()
    expect(processorFor('scans/1.txt')).toBe('read')
    expect(processorFor('1.txt')).toBeUndefined()
    expect(processorFor('run-01.dat')).toBe('parse')
    expect(processorFor('run-1.dat')).toBeUndefined()
  })

  it('is the first that fits', () => {
    expect(processorFor('a.nc', 'image/x')).toBe('thumbs')
  })

  it('costs no time with a hostile pattern', () => {
    const hostile = [{ match: `${'*a'.repeat(50)}b`, processor: 'x' }]
    expect(ruleFor(hostile, { name: 'a'.repeat(5000), mediaType: null })).toBeUndefined()
  })
})
