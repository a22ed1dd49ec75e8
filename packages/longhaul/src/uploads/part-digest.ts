import { LonghaulError } from '../errors/index.ts'

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
