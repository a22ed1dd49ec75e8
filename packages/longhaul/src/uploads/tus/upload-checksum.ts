import type { IncomingHttpHeaders } from 'node:http'
import { LonghaulError } from '../../errors/index.ts'
import { contentDigest } from '../content-digest.ts'
import type { Checksum } from '../uploads.ts'
import { badHeader, headerOf } from './headers.ts'

/** Those that are offered, and how many bytes each has. */
const lengths = { sha1: 20, sha256: 32, md5: 16, crc32: 4 } as const satisfies Record<
  Checksum['algorithm'],
  number
>
export const checksumAlgorithms = Object.keys(lengths) as Checksum['algorithm'][]

/** What the headers announce of a body: `Upload-Checksum`, and `Content-Digest` (RFC 9530). */
export function announcedChecksums(headers: IncomingHttpHeaders): readonly Checksum[] {
  const checksum = parseChecksum(headerOf(headers, 'upload-checksum'))
  const sha256 = contentDigest(headers['content-digest'])
  return [
    ...(checksum ? [checksum] : []),
    ...(sha256 ? [{ algorithm: 'sha256' as const, value: sha256.toString('hex') }] : []),
  ]
}

/** "The name of the used checksum algorithm and the Base64 encoded checksum separated by a space." */
function parseChecksum(header: string | undefined): Checksum | undefined {
  if (header === undefined) return undefined
  const [, name, value = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? []
  const algorithm = checksumAlgorithms.find((known) => known === name?.toLowerCase())
  // "400 Bad Request if the checksum algorithm is not supported by the server"
  if (!algorithm)
    throw badHeader(
      'Upload-Checksum',
      header,
      `send one of ${checksumAlgorithms.join(', ')} and, after a space, the checksum in Base64`,
    )
  const digest = Buffer.from(value, 'base64')
  if (digest.length !== lengths[algorithm])
    throw badHeader('Upload-Checksum', header, `${algorithm} has ${lengths[algorithm]} bytes`)
  return { algorithm, value: digest.toString('hex') }
}

/** "460 Checksum Mismatch if the checksums do not match. In the last case the uploaded chunk MUST be discarded." */
export const inWordsOfTus = ({ message, facts }: LonghaulError) =>
  new LonghaulError('upload-checksum-mismatch', message, { facts })
