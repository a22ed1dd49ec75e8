import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from './sha256.ts'

const digest = (...chunks: Uint8Array[]): string => {
  const hasher = sha256()
  for (const chunk of chunks) hasher.update(chunk)
  return hasher.digestHex()
}

describe('the portable SHA-256', () => {
  it('gives the digests that FIPS 180-4 prints', () => {
    expect(digest()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(digest(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('agrees with Node however the bytes are cut', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 })
    fc.assert(
      fc.property(chunks, (cut) => {
        const expected = createHash('sha256').update(Buffer.concat(cut)).digest('hex')
        expect(digest(...cut)).toBe(expected)
      }),
    )
  })
})
