import { describe, expect, it } from 'vitest'
import { fingerprintOf, identityOf, shorten, type Identity } from './identity.ts'

const file = { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: 'image/*' } }
const description = {
  name: 'shrink',
  version: '1.0',
  code_digest: 'c'.repeat(64),
  input: {
    type: 'object',
    properties: { image: file, more: { type: 'array', items: file }, width: { type: 'integer' } },
  },
}
const cat = { name: 'cat.png', uri: 's3://b/datasets/1/cat.png', sha256: 'a'.repeat(64), size: 3 }

function known(input: Parameters<typeof identityOf>[1], of = description): Identity {
  const identity = identityOf(of, input)
  if ('unknown' in identity) throw new Error(`${identity.unknown} is unknown`)
  return identity
}
const print = (...of: Parameters<typeof known>): string => fingerprintOf(known(...of))

describe('a fingerprint', () => {
  const same = print({ image: cat, width: 128 })

  it('does not mind where a file lies, or in which order the fields are', () => {
    const elsewhere = { ...cat, uri: 's3://b/results/j_2/cat.png', path: '/work/inputs/0/cat.png' }
    expect(print({ width: 128, image: elsewhere })).toBe(same)
  })

  it.each<[string, () => string]>([
    ['a parameter', () => print({ image: cat, width: 129 })],
    ['a parameter more', () => print({ image: cat, width: 128, fit: null })],
    [
      'the content of a file',
      () => print({ image: { ...cat, sha256: 'b'.repeat(64) }, width: 128 }),
    ],
    ['the name of a file', () => print({ image: { ...cat, name: 'dog.png' }, width: 128 })],
    ['a file more', () => print({ image: cat, more: [cat], width: 128 })],
    ['the version', () => print({ image: cat, width: 128 }, { ...description, version: '1.1' })],
    ['the code', () => print({ image: cat, width: 128 }, { ...description, code_digest: 'd' })],
    ['the processor', () => print({ image: cat, width: 128 }, { ...description, name: 'grow' })],
  ])('is another one with %s', (_what, other) => {
    expect(other()).not.toBe(same)
  })

  it('minds the order of files', () => {
    const dog = { ...cat, name: 'dog.png' }
    expect(print({ more: [cat, dog] })).not.toBe(print({ more: [dog, cat] }))
  })
})

it('names the field of a file whose digest nobody knows', () => {
  const { sha256: _sha256, ...unknown } = cat
  expect(identityOf(description, { image: cat, more: [cat, unknown] })).toEqual({ unknown: 'more' })
})

it('keeps long values as their digests, and many files as one', () => {
  const short = shorten(known({ image: cat, more: [cat, cat], width: 1, text: 'x'.repeat(500) }))
  expect(short).toEqual({
    version: '1.0',
    code: 'c'.repeat(64),
    parameters: { width: '1', text: expect.stringMatching(/^sha256 [0-9a-f]{64}$/) },
    inputs: {
      image: `cat.png sha256 ${'a'.repeat(64)}`,
      more: expect.stringMatching(/^2 files, together sha256 [0-9a-f]{64}$/),
    },
  })
})
