import type { ByteSource } from './byte-source.ts'
import type { Body } from './connection.ts'
import type { Hasher } from './sha256.ts'

/**
 * The header that lets a service refuse bytes that changed on their way, RFC 9530. Read before they are sent, because a
 * header goes first; the second reading comes from the system's memory.
 */
export async function contentDigest(
  source: ByteSource,
  start: number,
  end: number,
  newHasher: () => Hasher,
): Promise<string> {
  return `sha-256=:${toBase64(await digestOfSlice(source.slice(start, end), newHasher))}:`
}

/** SHA-256 (hex) of what would be sent. */
export async function sha256OfSlice(body: Body, newHasher: () => Hasher): Promise<string> {
  const hasher = newHasher()
  // A Response reads whatever can be sent, piece by piece.
  for await (const chunk of new Response(body).body ?? []) hasher.update(chunk as Uint8Array)
  return hasher.digestHex()
}

/** A browser's own digest is several times faster, but wants all bytes at once, and an https page. */
async function digestOfSlice(body: Body, newHasher: () => Hasher): Promise<string> {
  const { subtle } = crypto as { readonly subtle?: typeof crypto.subtle }
  if (!(body instanceof Blob) || subtle === undefined || body.size > 64 * 1024 * 1024)
    return sha256OfSlice(body, newHasher)
  const digest = new Uint8Array(await subtle.digest('SHA-256', await body.arrayBuffer()))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const toBase64 = (hex: string): string =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))))
