import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { LonghaulError } from '../errors/index.ts'
import type { JsonObject } from '../support/json.ts'

export interface Sealed {
  /** Base64: nonce, tag, and what is sealed. */
  readonly sealed: string
  /** Tells which key it was; nothing of the key follows from it. */
  readonly keyId: string
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM, bound to its job: in another job's row it cannot be opened. */
export function seal(key: Buffer, jobId: string, secrets: JsonObject): Sealed {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(jobId))
  const text = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
  return {
    sealed: Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64'),
    keyId: keyIdOf(key),
  }
}

/** Throws 'credentials-gone' where another key sealed it, or it was changed. */
export function unseal(key: Buffer | undefined, jobId: string, row: Sealed): JsonObject {
  if (key === undefined || row.keyId !== keyIdOf(key))
    throw gone(
      'The credentials of this import were sealed with another key than this worker has; every host needs the same LONGHAUL_SECRET_KEY.',
    )
  try {
    const bytes = Buffer.from(row.sealed, 'base64')
    const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
    const open = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
    open.setAAD(Buffer.from(jobId)).setAuthTag(tag)
    const text = Buffer.concat([open.update(bytes.subarray(nonceBytes + tagBytes)), open.final()])
    return JSON.parse(text.toString('utf8')) as JsonObject
  } catch {
    throw gone('The credentials of this import cannot be opened: they were changed.')
  }
}

export const gone = (detail: string) => new LonghaulError('credentials-gone', detail)

const keyIdOf = (key: Buffer): string =>
  createHash('sha256').update('longhaul sealing key ').update(key).digest('hex').slice(0, 16)
