import path from 'node:path'
import { openSecret } from '../storage/local/index.ts'
import type { Config } from './config.ts'

/**
 * What seals the credentials of imports. A key in the data directory is this host's alone, so where hosts share a database
 * there is none until the operator has given all of them the same.
 */
export async function secretKeyOf(
  { secretKey, dataDir }: Config,
  { shared }: { readonly shared: boolean },
): Promise<Buffer | undefined> {
  if (secretKey !== undefined || shared) return secretKey
  return openSecret(
    path.join(dataDir, 'sealing-key'),
    'imports under way then lose their credentials',
  )
}
