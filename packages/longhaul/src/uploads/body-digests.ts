import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const digestAlgorithms = ['sha1', 'sha256', 'md5', 'crc32'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

export const digestBytes = { sha1: 20, sha256: 32, md5: 16, crc32: 4 } as const satisfies Record<
  DigestAlgorithm,
  number
>

export interface ExpectedDigest {
  readonly algorithm: DigestAlgorithm
  readonly digest: Buffer
  /** What is thrown when the bytes have another one. */
  readonly mismatch: (found: Buffer) => Error
}

/** The same bytes; an error in place of their end when they are not those that were announced. */
export async function* withDigests(
  body: AsyncIterable<Uint8Array>,
  expected: readonly ExpectedDigest[],
): AsyncGenerator<Uint8Array> {
  const hashes = expected.map(({ algorithm }) => hashOf(algorithm))
  for await (const chunk of body) {
    for (const hash of hashes) hash.update(chunk)
    yield chunk
  }
  for (const [at, { digest, mismatch }] of expected.entries()) {
    const found = hashes[at]?.digest()
    if (found && !found.equals(digest)) throw mismatch(found)
  }
}

interface Hash {
  update(chunk: Uint8Array): unknown
  digest(): Buffer
}

function hashOf(algorithm: DigestAlgorithm): Hash {
  if (algorithm !== 'crc32') return createHash(algorithm)
  let value = 0
  return {
    update: (chunk) => (value = crc32(chunk, value)),
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    },
  }
}
