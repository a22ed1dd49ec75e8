import { createHash, type Hash } from 'node:crypto'
import type { NamedPart } from '../named-parts.ts'

interface Chain {
  readonly parts: readonly NamedPart[]
  readonly hash: Hash
}

/** What came before a part, and its hash. */
export interface Before {
  readonly parts: readonly NamedPart[]
  readonly hash: Hash
}
const nothing: readonly NamedPart[] = []

/** Uploads that are remembered; of others the digest of the whole is not known. */
const maxUploads = 1000

/**
 * SHA-256 of whole uploads, as far as one process can know: when it has sent all their parts itself, one after the other.
 * No store of S3 computes it, and of an open upload nothing can be read back.
 */
export function wholeDigests() {
  const chains = new Map<string, Chain>()
  return {
    /** The hash of what is before this part, where that is known; nothing is before a first one. */
    before(uploadId: string, partNumber: number): Before | undefined {
      const chain = chains.get(uploadId)
      if (!chain || partNumber === 1) return { parts: nothing, hash: createHash('sha256') }
      if (!isAfter(chain, partNumber)) return undefined
      return { parts: chain.parts, hash: chain.hash.copy() }
    },
    /** `hash` as `before` gave it, with the part's bytes. */
    keep(
      uploadId: string,
      { partNumber, etag }: NamedPart,
      before: Before | undefined,
      hash: Hash | undefined,
    ): void {
      const now = chains.get(uploadId)?.parts ?? nothing
      chains.delete(uploadId)
      // Sent side by side with another, which has come first: that one's bytes are not in this hash.
      if (!before || !hash || (partNumber !== 1 && now !== before.parts)) return
      chains.set(uploadId, { parts: [...before.parts, { partNumber, etag }], hash })
      for (const oldest of chains.keys()) {
        if (chains.size <= maxUploads) break
        chains.delete(oldest)
      }
    },
    of(uploadId: string, parts: readonly NamedPart[]): string | undefined {
      const chain = chains.get(uploadId)
      const isOfThese =
        chain?.parts.length === parts.length &&
        chain.parts.every(
          (part, n) => part.partNumber === parts[n]?.partNumber && part.etag === parts[n].etag,
        )
      return isOfThese ? chain.hash.copy().digest('hex') : undefined
    },
    forget: (uploadId: string): unknown => chains.delete(uploadId),
  }
}
export type WholeDigests = ReturnType<typeof wholeDigests>

const isAfter = ({ parts }: Chain, partNumber: number): boolean =>
  partNumber > (parts.at(-1)?.partNumber ?? 0)
