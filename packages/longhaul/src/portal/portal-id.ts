import { randomBytes } from 'node:crypto'

/** As clients of system E know ids: `upload_<seconds>_<8 hex>`. Opaque, and whose it is does not hang on its being guessed. */
export const portalId = (prefix: string, now = Date.now()): string =>
  `${prefix}_${Math.floor(now / 1000)}_${randomBytes(4).toString('hex')}`
