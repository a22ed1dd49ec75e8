import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { wholeDigests } from './whole-digests.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const texts = ['one', 'two', 'three']
const parts = texts.map((text, n) => ({ partNumber: n + 1, etag: `"${text}"` }))

/** The part's sending begins, and ends when the answer is called. */
function begin(digests: ReturnType<typeof wholeDigests>, n: number): () => void {
  const part = parts[n - 1] ?? { partNumber: n, etag: '' }
  const before = digests.before('u', n)
  return () => digests.keep('u', part, before, before?.hash.update(texts[n - 1] ?? ''))
}

it('knows the digest of parts that one process sent one after the other', () => {
  const digests = wholeDigests()
  for (const n of [1, 2, 3]) begin(digests, n)()
  expect(digests.of('u', parts)).toBe(sha256(texts.join('')))
  expect(digests.of('u', parts.slice(0, 2))).toBeUndefined()
})

it('knows no digest, rather than a wrong one, of parts that were sent side by side', () => {
  const orders = [1, 2, 3].flatMap((a) =>
    [1, 2, 3].filter((b) => b !== a).map((b) => [a, b, 6 - a - b]),
  )
  for (const begun of orders)
    for (const ended of orders) {
      const digests = wholeDigests()
      const ends = new Map(begun.map((n) => [n, begin(digests, n)]))
      for (const n of ended) ends.get(n)?.()
      expect(digests.of('u', parts)).toBeUndefined()
    }
})

it('knows the digest again when the first part is sent again, and the others after it', () => {
  const digests = wholeDigests()
  for (const n of [2, 1, 3, 1, 2, 3]) begin(digests, n)()
  expect(digests.of('u', parts)).toBe(sha256(texts.join('')))
})
