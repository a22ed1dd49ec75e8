import { createHash } from 'node:crypto'
import type { Hasher } from '../sha256.ts'

/** Node's own SHA-256, several times faster than the portable one. */
export function nodeSha256(): Hasher {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digestHex: () => hash.digest('hex') }
}
