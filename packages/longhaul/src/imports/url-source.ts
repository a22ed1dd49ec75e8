import type { Outbound, OutboundReply } from '../outbound/index.ts'
import { nameOfDisposition, nameOfPath, safeName } from './safe-name.ts'
import {
  changed,
  mayPass,
  passing,
  refused,
  retryAfterOf,
  type FoundFile,
  type Range,
  type Source,
} from './source.ts'
import type { UrlConfig } from './source-config.ts'

export interface UrlSourceOptions {
  readonly outbound: Outbound
  readonly maxBytes: number
  readonly silenceMs: number
}

/** A slow line may take that long for one request; one that says nothing is given up long before. */
const timeoutMs = 7 * 24 * 3_600_000
/** A server's clock has seconds: a file may change twice within one, and its time be the same. */
const settledMs = 60_000

/**
 * A file behind a URL. One byte is asked for first: the answer tells the size, the version and whether there are ranges.
 * Versions are strong ETags (`"…"`), or times that lie back far enough.
 */
export function urlSource(
  { url, authorization }: Pick<UrlConfig, 'url' | 'authorization'>,
  { outbound, maxBytes, silenceMs }: UrlSourceOptions,
): Source {
  const send = (headers: Record<string, string>, signal: AbortSignal): Promise<OutboundReply> =>
    outbound.send({
      ...{ url, signal, timeoutMs, silenceMs, maxBytes },
      headers: { ...(authorization === undefined ? {} : { authorization }), ...headers },
    })

  async function look(place: string, signal: AbortSignal): Promise<FoundFile> {
    const reply = await send({ range: 'bytes=0-0' }, signal)
    try {
      return foundIn(reply, place)
    } finally {
      reply.close()
    }
  }

  return {
    look,
    async *list(signal) {
      yield await look('', signal)
    },
    async read(file, range, signal) {
      const reply = await send(range === undefined ? {} : rangeOf(file, range), signal)
      try {
        if (range === undefined) checkWhole(reply, file)
        else checkRange(reply, file, range)
        return reply.body
      } catch (error) {
        reply.close()
        throw error
      }
    },
  }
}

function foundIn(reply: OutboundReply, place: string): FoundFile {
  const { status, headers, url } = reply
  const [, total] = /^bytes (?:0-0|\*)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? []
  const isEmpty = status === 416 && total === '0'
  if (status !== 200 && status !== 206 && !isEmpty) throw failureOf(reply)
  const version = versionOf(headers)
  const length = status === 200 ? headers['content-length'] : total
  const mediaType = headers['content-type']?.split(';')[0]?.trim()
  return {
    place,
    name: safeName(
      nameOfDisposition(headers['content-disposition']) ?? nameOfPath(new URL(url).pathname),
    ),
    // An encoding that was not asked for would give other bytes than the file's.
    ...(length !== undefined && /^\d+$/.test(length) ? { sizeBytes: Number(length) } : {}),
    ...(mediaType !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? { mediaType } : {}),
    ...(version === undefined ? {} : { version }),
    // Without a version, two parts may be of two files.
    ranged: status === 206 && total !== undefined && version !== undefined,
  }
}

/** What If-Range takes. RFC 9110: "A client MUST NOT generate an If-Range header field containing an entity tag that is marked as weak." */
function versionOf(headers: OutboundReply['headers']): string | undefined {
  const { etag, date, 'last-modified': modified } = headers
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag
  const at = Date.parse(modified ?? '')
  const now = Date.parse(date ?? '') || Date.now()
  return modified !== undefined && now - at >= settledMs ? modified : undefined
}

const rangeOf = ({ version = '' }: FoundFile, { start, end }: Range): Record<string, string> => ({
  range: `bytes=${start}-${end}`,
  'if-range': version,
})

function checkRange(reply: OutboundReply, file: FoundFile, { start }: Range): void {
  const { status, headers, url } = reply
  const where = whereOf(url)
  if (status === 200 || status === 412 || status === 416)
    throw changed(`${where} is another file than it was.`)
  if (status !== 206) throw failureOf(reply)
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? []
  if (Number(from) !== start)
    throw passing(`${where} answered with another range than was asked for.`)
  const isOther =
    (total !== '*' && Number(total) !== file.sizeBytes) ||
    (file.version?.startsWith('"') && headers.etag !== undefined && headers.etag !== file.version)
  if (isOther) throw changed(`${where} is another file than it was.`)
}

function checkWhole(reply: OutboundReply, { sizeBytes }: FoundFile): void {
  if (reply.status !== 200) throw failureOf(reply)
  const length = reply.headers['content-length']
  if (length !== undefined && sizeBytes !== undefined && Number(length) !== sizeBytes)
    throw changed(`${whereOf(reply.url)} has another size than it had.`)
}

function failureOf({ status, headers, url }: OutboundReply) {
  const said = `${whereOf(url)} answered ${status}`
  if (mayPass(status)) return passing(`${said}.`, retryAfterOf(headers['retry-after']))
  if (status === 401 || status === 403)
    return refused(`${said}: it does not let us have the file; check the URL and auth_config.`)
  return refused(`${said}, not with a file.`)
}

/** Without the query: there may be a secret in it. */
function whereOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname.slice(0, 200)}`
}
