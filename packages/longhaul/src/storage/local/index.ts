import type { SignedUrls, Storage } from '../object-store.ts'
import { openFolder } from './folder.ts'
import { namingErrors } from './file-errors.ts'
import { openJournals } from './journal.ts'
import { localAppends, type Chains } from './local-appends.ts'
import { concatenate, sweepPieces } from './pieces.ts'
import { localMultipart } from './local-multipart.ts'
import { localObjects } from './local-objects.ts'
import { openRecords } from './records.ts'
import { openSecret } from './secret-file.ts'
import { urlSigner } from './url-signer.ts'

export { openSecret }

export interface LocalStorageOptions {
  /** A folder on a local disk. Objects lie in it under their own keys. */
  readonly root: string
  readonly bucket: string
  /** Holds the key that signs URLs; made when it is missing. */
  readonly secretFile: string
}

/**
 * Storage in a folder. Safe for several processes on one host; opening it sweeps what dead processes left behind.
 * The ETag of an object is its SHA-256 in quotes where that is known: equal bytes, equal tag.
 */
export async function localStorage(
  options: LocalStorageOptions,
): Promise<Storage & { readonly signedUrls: SignedUrls }> {
  const folder = await openFolder(options.root)
  const records = openRecords(folder)
  await sweepPieces(folder)
  const journals = openJournals()
  const chains: Chains = new Map()
  const { urls, signedUrls } = urlSigner(await openSecret(options.secretFile))
  return {
    ...localObjects(folder, records, options.bucket),
    ...localMultipart(folder, records, journals, chains),
    ...localAppends(folder, records, journals, chains),
    concatenate: (from, to, options = {}) =>
      namingErrors(() => concatenate(folder, records, from, to, options)),
    ...urls,
    signedUrls,
  }
}
