import type { IncomingHttpHeaders } from 'node:http'
import { LonghaulError } from '../../errors/index.ts'

/** The one version of the protocol that is spoken here. */
export const tusVersion = '1.0.0'

export const extensions = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'checksum',
  'concatenation',
  'termination',
  'expiration',
].join(',')

/** One value, also where a client sent several: they are not what any of these headers has. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}

/** "The value MUST be a non-negative integer", of both `Upload-Offset` and `Upload-Length`. */
export function bytesIn(headers: IncomingHttpHeaders, name: string): number | undefined {
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  const bytes = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(bytes)) return bytes
  throw badHeader(name, value, 'send a number of bytes, in digits')
}

export const badHeader = (name: string, value: string | undefined, todo: string) =>
  new LonghaulError(
    'bad-request',
    value === undefined
      ? `The header ${name} is missing: ${todo}.`
      : `The header ${name} is ${JSON.stringify(shorten(value))}: ${todo}.`,
  )

const shorten = (value: string): string => (value.length > 80 ? `${value.slice(0, 77)}…` : value)

export interface AnnouncedLength {
  /** Absent: `Upload-Defer-Length: 1`. */
  readonly sizeBytes?: number
}

/** Either how long the upload is, or that it is said later. */
export function announcedLength(headers: IncomingHttpHeaders): AnnouncedLength {
  const sizeBytes = bytesIn(headers, 'Upload-Length')
  const defer = headerOf(headers, 'upload-defer-length')
  // "If the Upload-Defer-Length header contains any other value than 1 the server should return a 400 Bad Request status."
  if (defer !== undefined && defer !== '1')
    throw badHeader('Upload-Defer-Length', defer, 'its only value is 1')
  if (sizeBytes === undefined && defer === undefined)
    throw badHeader('Upload-Length', undefined, 'send it, or Upload-Defer-Length: 1')
  if (sizeBytes !== undefined && defer !== undefined)
    throw badHeader('Upload-Defer-Length', defer, 'leave it out where Upload-Length is sent')
  return sizeBytes === undefined ? {} : { sizeBytes }
}
