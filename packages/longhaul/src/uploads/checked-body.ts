import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { LonghaulError } from '../errors/index.ts'
import { chunksOf, type Bytes } from '../storage/index.ts'
import type { Checksum } from './uploads.ts'

/** The same bytes; an error in place of their end when they have another checksum. */
export async function* checkedBody(
  body: Bytes,
  { algorithm, value }: Checksum,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const digest = algorithm === 'crc32' ? crc32Digest() : createHash(algorithm)
  for await (const chunk of chunksOf(body, signal)) {
    digest.update(chunk)
    yield chunk
  }
  const found = digest.digest()
  // Hex of the same length could be Base64 too, of other bytes; the length tells which it is.
  const isHex = value.length === found.byteLength * 2 && /^[0-9a-f]+$/i.test(value)
  if (Buffer.from(value, isHex ? 'hex' : 'base64').equals(found)) return
  throw new LonghaulError(
    'checksum-mismatch',
    `The bytes have the ${algorithm} ${found.toString('hex')}, not ${value.slice(0, 128)}. Nothing was stored; send them again.`,
    { facts: { algorithm, found: found.toString('hex') } },
  )
}

function crc32Digest() {
  let sum = 0
  return {
    update: (chunk: Uint8Array) => void (sum = crc32(chunk, sum)),
    digest(): Buffer {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(sum)
      return bytes
    },
  }
}
