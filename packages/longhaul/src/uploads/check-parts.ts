import { createHash } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import type { Part } from '../storage/index.ts'
import { partBytesOf, partCountOf, type PartLayout } from './part-layout.ts'

export interface NamedPart {
  readonly partNumber: number
  readonly etag: string
}

/** In any order and with or without the quotes of ETags, as clients of S3 send them; once each. */
export function sortParts(parts: readonly NamedPart[]): readonly NamedPart[] {
  const sorted = parts
    .map(({ partNumber, etag }) => ({
      partNumber,
      etag: /^(W\/)?".*"$/.test(etag) ? etag : `"${etag}"`,
    }))
    .sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.filter((part, n) => part.partNumber === sorted[n + 1]?.partNumber)
  if (twice.length > 0)
    throw invalid(twice.map(numberOf), 'named more than once; name each part once')
  return sorted
}

/** Tells lists of parts apart, so that the same completion gets the same answer. */
export function digestOf(sorted: readonly NamedPart[]): string {
  const hash = createHash('sha256')
  for (const { partNumber, etag } of sorted) hash.update(`${partNumber} ${etag}\n`)
  return hash.digest('hex')
}

/** Parts of the layout that are not there, and parts that end too early. */
export function gapsOf(
  layout: PartLayout,
  stored: readonly Part[],
): { readonly missing: readonly number[]; readonly short: readonly number[] } {
  const sizes = new Map(stored.map((part) => [part.partNumber, part.size]))
  const missing = []
  const short = []
  for (let n = 1; n <= partCountOf(layout); n++) {
    const size = sizes.get(n)
    if (size === undefined) missing.push(n)
    else if (size < partBytesOf(layout, n)) short.push(n)
  }
  return { missing, short }
}

/**
 * Whether these parts make the whole file. Throws 'upload-incomplete', after which the upload goes on, or 'invalid-part'
 * for one that is not the store's.
 */
export function checkParts(
  layout: PartLayout,
  named: readonly NamedPart[],
  stored: readonly Part[],
): void {
  const count = partCountOf(layout)
  const outside = named.filter(({ partNumber }) => partNumber < 1 || partNumber > count)
  if (outside.length > 0)
    throw invalid(outside.map(numberOf), `not of this upload, which has the parts 1 to ${count}`)

  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  const { missing, short } = gapsOf(
    layout,
    named.flatMap(({ partNumber }) => byNumber.get(partNumber) ?? []),
  )
  if (missing.length + short.length > 0) throw incomplete(layout, missing, short)

  const long = stored.filter((part) => part.size > partBytesOf(layout, part.partNumber))
  if (long.length > 0) throw invalid(long.map(numberOf), 'larger than announced; send them again')
  const other = named.filter(({ partNumber, etag }) => byNumber.get(partNumber)?.etag !== etag)
  if (other.length > 0)
    throw invalid(other.map(numberOf), 'stored with another ETag; use that of the last answer')
}

export function incomplete(
  layout: PartLayout,
  missing: readonly number[],
  short: readonly number[],
): LonghaulError {
  const words = [
    missing.length > 0 && `missing: ${listed(missing)}`,
    short.length > 0 && `shorter than announced: ${listed(short)}`,
  ].filter(Boolean)
  return new LonghaulError(
    'upload-incomplete',
    `Of ${partCountOf(layout)} parts of ${layout.partBytes} bytes, the last one the rest, some are ${words.join('; ')}. Send them and complete again.`,
    { facts: { missing_parts: missing, short_parts: short, part_size_bytes: layout.partBytes } },
  )
}

const invalid = (numbers: readonly number[], what: string) =>
  new LonghaulError('invalid-part', `Parts ${listed(numbers)} are ${what}.`, {
    facts: { invalid_parts: numbers },
  })

const numberOf = (part: { partNumber: number }): number => part.partNumber

const listed = (numbers: readonly number[]): string =>
  numbers.slice(0, 10).join(', ') + (numbers.length > 10 ? ` and ${numbers.length - 10} more` : '')
