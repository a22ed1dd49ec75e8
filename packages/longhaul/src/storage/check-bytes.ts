import { LonghaulError } from '../errors/index.ts'

export function checkSha256(found: string, expected: string | undefined): void {
  if (expected === undefined || expected.toLowerCase() === found) return
  throw new LonghaulError(
    'checksum-mismatch',
    `The bytes have SHA-256 ${found}, not ${expected}. Nothing was stored; send them again.`,
    { facts: { sha256: found } },
  )
}

export const otherSize = (announced: number, came: string) =>
  new LonghaulError(
    'invalid-part',
    `${announced} bytes were announced and ${came} came. Send them all again.`,
  )

export const offsetMismatch = (offset: number, given: number) =>
  new LonghaulError(
    'upload-offset-mismatch',
    `The upload has ${offset} bytes, so it does not go on at ${given}. Go on at ${offset}.`,
    { facts: { offset } },
  )
