import { describe, expect, it } from 'vitest'
import { keyOfUri, uriOfKey } from './object-uri.ts'

describe('object URIs', () => {
  it('round-trips a key with slashes', () => {
    expect(keyOfUri(uriOfKey('b', 'datasets/1/a b.txt'), 'b')).toBe('datasets/1/a b.txt')
  })
  it.each([
    ['x', /Invalid S3 URI: x/],
    ['s3://b', /Invalid S3 URI format/],
    ['s3://b/', /Invalid S3 URI format/],
    ['s3://other/key', /Bucket other does not match configured bucket b/],
  ])('refuses %s', (uri, message) => {
    expect(() => keyOfUri(uri, 'b')).toThrow(message)
  })
})
