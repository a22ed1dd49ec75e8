import { createHash } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import { checkSha256 } from '../storage/index.ts'

/**
 * SHA-256 (hex) of a `Content-Digest` header, RFC 9530: `sha-256=:<base64>:`, maybe among others. "Recipients MUST ignore
 * unknown algorithms"; one of ours that cannot be read is refused, for the sender meant it to be compared.
 */
export function sha256OfContentDigest(header: string | readonly string[] | undefined) {
  const text = typeof header === 'string' ? header : (header?.join(',') ?? '')
  const given = /(?:^|,)\s*sha-256=([^,]*)/i.exec(text)?.[1]?.trim()
  if (given === undefined) return undefined
  const base64 = /^:([A-Za-z0-9+/]{43}=):/.exec(given)?.[1]
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex')
  throw new LonghaulError(
    'invalid-request',
    `Content-Digest has sha-256=${given.slice(0, 100)}; it is sha-256=:BASE64: with the 32 bytes of the digest.`,
  )
}

/** The same bytes; an error in place of their end when they have another digest, so that nothing of them is kept. */
export async function* withSha256(
  body: AsyncIterable<Uint8Array>,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of body) {
    hash.update(chunk)
    yield chunk
  }
  checkSha256(hash.digest('hex'), sha256)
}
