import { LonghaulError } from '../errors/index.ts'

/**
 * The SHA-256 that `Content-Digest` (RFC 9530) announces of a body. Other algorithms beside it are left aside, as the RFC
 * allows; where it is the only one that counts, leaving it aside would look like a check that was made.
 */
export function contentDigest(header: string | readonly string[] | undefined): Buffer | undefined {
  if (header === undefined) return undefined
  let sha256: Buffer | undefined
  for (const member of [header].flat().join(',').split(',')) {
    const [, key, encoded = ''] =
      /^[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(?:;[^,]*)?[ \t]*$/.exec(member) ?? []
    if (key === undefined) throw bad('is no dictionary of digests')
    if (key !== 'sha-256') continue
    sha256 = Buffer.from(encoded, 'base64')
    if (sha256.length !== 32) throw bad('has a sha-256 that is not 32 bytes long')
  }
  if (!sha256) throw bad('has no sha-256')
  return sha256
}

const bad = (why: string) =>
  new LonghaulError(
    'bad-request',
    `Content-Digest ${why}; send sha-256=:<the SHA-256 of the body in Base64>:.`,
  )

/** `Repr-Digest` of bytes whose SHA-256 is this, in hex. */
export const reprDigest = (sha256: string): string =>
  `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
