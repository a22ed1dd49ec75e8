import { createHash } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import type { UploadRef } from './object-store.ts'

export type NamedPart = { readonly partNumber: number; readonly etag: string }

/** Clients of S3 may send ETags without their quotes. */
export const quoted = (etag: string): string => (etag.startsWith('"') ? etag : `"${etag}"`)

/** Ascending and quoted, or 'invalid-part'. */
export function sortParts(parts: readonly NamedPart[]): readonly NamedPart[] {
  const sorted = parts
    .map(({ partNumber, etag }) => ({ partNumber, etag: quoted(etag) }))
    .sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.find((part, n) => part.partNumber === sorted[n + 1]?.partNumber)
  if (twice) throw invalidParts([twice.partNumber], `Part ${twice.partNumber} is named twice.`)
  if (sorted.length === 0) throw invalidParts([], 'Name at least one part.')
  return sorted
}

/** What the store has of the parts that were named, in their order, or 'invalid-part'. */
export function matchParts<P extends NamedPart>(
  named: readonly NamedPart[],
  stored: readonly P[],
): P[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  const found = named.map((one) => {
    const part = byNumber.get(one.partNumber)
    return part?.etag === one.etag ? part : undefined
  })
  const wrong = named.filter((_, n) => !found[n]).map((one) => one.partNumber)
  if (wrong.length > 0)
    throw invalidParts(
      wrong,
      `The store has no such part or another ETag for part ${wrong.slice(0, 10).join(', ')}${wrong.length > 10 ? ' and others' : ''}; send it again and use the ETag of that answer.`,
    )
  return found.filter((part) => part !== undefined)
}

export function checkPartNumber(partNumber: number, maxParts: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= maxParts) return
  throw invalidParts([partNumber], `Part numbers are between 1 and ${maxParts}, not ${partNumber}.`)
}

/** How S3 makes the ETag of an object of its parts'; undefined where those are not MD5, as in some encrypted buckets. */
export function etagOfParts(parts: readonly NamedPart[]): string | undefined {
  const hash = createHash('md5')
  for (const { etag } of parts) {
    const digest = /^"([0-9a-f]{32})"$/.exec(etag)?.[1]
    if (digest === undefined) return undefined
    hash.update(digest, 'hex')
  }
  return `"${hash.digest('hex')}-${parts.length}"`
}

export const invalidParts = (numbers: readonly number[], detail: string) =>
  new LonghaulError('invalid-part', detail, { facts: { invalid_parts: numbers } })

export const uploadNotFound = ({ uploadId }: UploadRef) =>
  new LonghaulError(
    'upload-not-found',
    `There is no open upload ${JSON.stringify(uploadId.slice(0, 64))}; it is complete, aborted or was never begun.`,
  )
