import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { LonghaulError } from '../../errors/index.ts'
import type { SignedUrls, UrlSigner } from '../object-store.ts'

/**
 * URLs that longhaul serves itself: HMAC-SHA-256 over everything that the URL permits. Not bound to a host, so that they
 * work behind any proxy.
 */
export function urlSigner(secret: Uint8Array) {
  // Its own key: the same secret may sign other things elsewhere.
  const key = createSecretKey(createHmac('sha256', secret).update('storage urls 1').digest())
  const urls = {
    partUrl(upload, partNumber, { expiresInSeconds, maxBytes, baseUrl }) {
      const expires = secondsNow() + expiresInSeconds
      const signature = sign(key, [
        'PUT',
        upload.uploadId,
        partNumber,
        upload.key,
        maxBytes,
        expires,
      ])
      const query = `key=${encodeURIComponent(upload.key)}&max_bytes=${maxBytes}&expires=${expires}`
      return `${baseUrl}/storage/parts/${upload.uploadId}/${partNumber}?${query}&signature=${signature}`
    },
    objectUrl(objectKey, { expiresInSeconds, baseUrl, fileName }) {
      const expires = secondsNow() + expiresInSeconds
      const signature = sign(key, ['GET', objectKey, fileName ?? null, expires])
      const path = objectKey.split('/').map(encodeURIComponent).join('/')
      const name = fileName === undefined ? '' : `file_name=${encodeURIComponent(fileName)}&`
      return `${baseUrl}/storage/objects/${path}?${name}expires=${expires}&signature=${signature}`
    },
  } satisfies UrlSigner
  const signedUrls: SignedUrls = {
    checkPart({ uploadId, partNumber, query }) {
      const objectKey = text(query, 'key')
      const maxBytes = integer(text(query, 'max_bytes'))
      const expires = integer(text(query, 'expires'))
      const number = integer(partNumber)
      check(key, query, ['PUT', uploadId, number, objectKey, maxBytes, expires], expires)
      return { upload: { uploadId, key: objectKey }, partNumber: number, maxBytes }
    },
    checkObject({ key: objectKey, query }) {
      const fileName = query['file_name'] === undefined ? undefined : text(query, 'file_name')
      const expires = integer(text(query, 'expires'))
      check(key, query, ['GET', objectKey, fileName ?? null, expires], expires)
      return { key: objectKey, fileName }
    },
  }
  return { urls, signedUrls }
}

/** JSON keeps neighbouring fields apart, whatever characters they hold. */
const sign = (key: KeyObject, permission: readonly (string | number | null)[]): string =>
  createHmac('sha256', key).update(JSON.stringify(permission)).digest('base64url')

type Query = Parameters<SignedUrls['checkObject']>[0]['query']

function check(
  key: KeyObject,
  query: Query,
  permission: readonly (string | number | null)[],
  expires: number,
): void {
  const given = Buffer.from(text(query, 'signature'))
  const expected = Buffer.from(sign(key, permission))
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) throw invalid()
  if (expires >= secondsNow()) return
  throw new LonghaulError(
    'signature-expired',
    'The signed URL has expired. Ask for a fresh one: GET /uploads/{id} gives those of the parts still missing.',
  )
}

function text(query: Query, name: string): string {
  const value = query[name]
  if (typeof value !== 'string') throw invalid()
  return value
}

function integer(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalid()
  return Number(value)
}

const invalid = () =>
  new LonghaulError(
    'signature-invalid',
    'The signed URL was changed or is incomplete. Use it exactly as it was given, with its whole query.',
  )

const secondsNow = () => Math.floor(Date.now() / 1000)
