import type { IncomingMessage } from 'node:http'
import type { CutAnswer } from './cut-server.ts'

export interface ServedFile {
  bytes: Buffer
  etag?: string
  readonly modified?: Date
  /** @default true */
  readonly ranges?: boolean
  /** Its length is not said. */
  readonly chunked?: boolean
  readonly headers?: Record<string, string>
  readonly authorization?: string
  /** Answers in place of the file, first one first. */
  readonly before?: CutAnswer[]
  /** After so many answers it is busy for a minute. */
  answersLeft?: number
}

/** Answers as RFC 9110 wants it: Range, If-Range, 206, 416. */
export function serveFile(file: ServedFile, request: IncomingMessage): CutAnswer {
  const { bytes, etag, modified, ranges = true, chunked = false, authorization } = file
  const instead = file.before?.shift()
  if (instead !== undefined) return instead
  if (file.answersLeft !== undefined && file.answersLeft-- <= 0)
    return { status: 503, headers: { 'retry-after': '60' } }
  if (authorization !== undefined && request.headers.authorization !== authorization)
    return { status: 401 }
  const headers = {
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { 'last-modified': modified.toUTCString() }),
    ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
    ...(chunked ? { 'transfer-encoding': 'chunked' } : {}),
    ...file.headers,
  }
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers.range)) ?? []
  const condition = request.headers['if-range']
  const isSame =
    condition === undefined || condition === etag || condition === modified?.toUTCString()
  if (!ranges || chunked || from === undefined || !isSame)
    return { status: 200, headers, body: bytes, mayBeCut: true }
  const start = Number(from)
  const end = Math.min(Number(to), bytes.length - 1)
  if (start >= bytes.length)
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
    body: bytes.subarray(start, end + 1),
    // The first question is for one byte.
    mayBeCut: end > start,
  }
}
