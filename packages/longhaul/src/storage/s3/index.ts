import type { S3Config } from '../../app/config.ts'
import type { Storage } from '../object-store.ts'
import { capabilitiesOf, type Capabilities, type Limits } from './capabilities.ts'
import { connect, type Tuning } from './connection.ts'
import { ensureBucket } from './ensure-bucket.ts'
import { concatenate } from './concatenate.ts'
import { s3Appends } from './s3-appends.ts'
import { tails } from './tail.ts'
import { s3Multipart } from './s3-multipart.ts'
import { s3Objects } from './s3-objects.ts'
import { s3UrlSigner } from './url-signer.ts'

export interface S3StorageOptions extends S3Config {
  /** Made when the store has none of that name. */
  readonly bucket: string
  /** What is known of this store beyond its address. @default Amazon's limits */
  readonly capabilities?: Partial<Omit<Capabilities, 'limits'>> & {
    readonly limits?: Partial<Limits>
  }
  readonly tuning?: Partial<Tuning>
}

/**
 * Storage in a bucket of any S3-compatible store, for any number of hosts. The ETag of an object is the store's. Requests
 * are tried again when the store is busy or the line breaks; what fails nevertheless is 'unavailable' and names the
 * endpoint. This folder is imported only where S3 is configured: the SDK takes tens of MB.
 */
export async function s3Storage(options: S3StorageOptions): Promise<Storage> {
  const capabilities = capabilitiesOf(options.endpoint, options.capabilities)
  const connection = connect(options, {
    stallMs: 30_000,
    workMs: 600_000,
    tries: 6,
    pauseMs: 100,
    ...options.tuning,
  })
  await ensureBucket(connection, options.region)
  const objects = s3Objects(connection, capabilities)
  const tailObjects = tails(objects)
  const uploads = s3Multipart(connection, capabilities, tailObjects)
  return {
    ...objects,
    ...uploads,
    ...s3Appends(uploads, capabilities, tailObjects),
    concatenate: (from, to, options = {}) =>
      concatenate(connection, capabilities, from, to, options),
    ...s3UrlSigner(options, () => connection.client.config.systemClockOffset),
  }
}
