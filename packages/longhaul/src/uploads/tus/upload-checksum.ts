import type { IncomingHttpHeaders } from 'node:http'
import { LonghaulError } from '../../errors/index.ts'
import {
  digestAlgorithms,
  digestBytes,
  type DigestAlgorithm,
  type ExpectedDigest,
} from '../body-digests.ts'
import { contentDigest } from '../content-digest.ts'
import { badHeader, headerOf } from './headers.ts'

/** What the headers announce of a body: `Upload-Checksum`, and `Content-Digest` (RFC 9530). */
export function announcedDigests(headers: IncomingHttpHeaders): readonly ExpectedDigest[] {
  const expected: ExpectedDigest[] = []
  const checksum = parseChecksum(headerOf(headers, 'upload-checksum'))
  if (checksum) expected.push({ ...checksum, mismatch: mismatchOf(checksum) })
  const digest = contentDigest(headers['content-digest'])
  if (digest) {
    const sha256 = { algorithm: 'sha256', digest } as const
    expected.push({ ...sha256, mismatch: mismatchOf(sha256) })
  }
  return expected
}

interface Checksum {
  readonly algorithm: DigestAlgorithm
  readonly digest: Buffer
}

/** "The name of the used checksum algorithm and the Base64 encoded checksum separated by a space." */
function parseChecksum(header: string | undefined): Checksum | undefined {
  if (header === undefined) return undefined
  const [, name, encoded = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? []
  const algorithm = digestAlgorithms.find((known) => known === name?.toLowerCase())
  // "400 Bad Request if the checksum algorithm is not supported by the server"
  if (!algorithm)
    throw badHeader(
      'Upload-Checksum',
      header,
      `send one of ${digestAlgorithms.join(', ')} and, after a space, the checksum in Base64`,
    )
  const digest = Buffer.from(encoded, 'base64')
  if (digest.length !== digestBytes[algorithm])
    throw badHeader('Upload-Checksum', header, `${algorithm} has ${digestBytes[algorithm]} bytes`)
  return { algorithm, digest }
}

/** "460 Checksum Mismatch if the checksums do not match. In the last case the uploaded chunk MUST be discarded." */
const mismatchOf =
  ({ algorithm, digest }: Checksum) =>
  (found: Buffer) =>
    new LonghaulError(
      'upload-checksum-mismatch',
      `The bytes have the ${algorithm} ${found.toString('base64')}, not ${digest.toString('base64')}. None were kept: send them again from the same offset.`,
    )
