import { hkdfSync } from 'node:crypto'
import path from 'node:path'
import { openSecret } from '../storage/local/index.ts'
import type { Config } from './config.ts'

/**
 * What seals the credentials of imports: made of the data directory's one secret (HKDF, RFC 5869), so that a backup has it.
 * It is this host's alone; where hosts share a database there is none until the operator has given all of them the same.
 */
export async function secretKeyOf(
  { secretKey, dataDir }: Config,
  { shared }: { readonly shared: boolean },
): Promise<Buffer | undefined> {
  if (secretKey !== undefined || shared) return secretKey
  const secret = await openSecret(path.join(dataDir, 'secret'))
  return Buffer.from(hkdfSync('sha256', secret, '', 'longhaul import credentials', 32))
}
