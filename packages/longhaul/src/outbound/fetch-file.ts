import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { Outbound, OutboundReply } from './outbound.ts'

export interface FetchFile {
  readonly outbound: Outbound
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}
export interface FetchedFile {
  /** Throws as `fetchFile` does. */
  readonly body: AsyncIterable<Uint8Array>
  readonly mediaType?: string
}

/** A slow line may take that long; one that says nothing is given up after 30 s. */
const timeoutMs = 12 * 3_600_000
/** Before the second and the third try. */
const pausesMs = [1000, 5000]

/** Whether somebody else's server is to be asked for it. */
export const isWebUri = (uri: string): boolean => /^https?:/i.test(uri)

/** The path of a URL says what a file is called, and of which kind it is. Undefined: it is no URL. */
export function pathOfUrl(uri: string): string | undefined {
  if (!isWebUri(uri) || !URL.canParse(uri)) return undefined
  const { pathname } = new URL(uri)
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}

/** Whether a manifest has an entry a line, as its name tells. */
export const isLinesOfJson = (uri: string): boolean => (pathOfUrl(uri) ?? uri).endsWith('.jsonl')

/**
 * Asks for the file behind a URL; a server that is busy or away is asked again. Throws 'object-not-found', 'uri-refused',
 * 'outbound-refused', 'outbound-failed', 'outbound-timeout', 'outbound-too-large'. What it says names no query: there may be
 * a secret in it.
 */
export async function fetchFile(url: string, options: FetchFile): Promise<FetchedFile> {
  for (let tried = 0; ; tried++) {
    try {
      return await askOnce(url, options)
    } catch (error) {
      const pauseMs = pausesMs[tried]
      const mayPass =
        isLonghaulError(error, 'outbound-failed') || isLonghaulError(error, 'outbound-timeout')
      if (!mayPass || pauseMs === undefined) throw error
      await sleep(
        pauseMs,
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      )
    }
  }
}

async function askOnce(
  url: string,
  { outbound, maxBytes, signal }: FetchFile,
): Promise<FetchedFile> {
  const request = { url, timeoutMs, maxBytes, ...(signal === undefined ? {} : { signal }) }
  const reply = await outbound.send(request)
  try {
    check(reply, maxBytes)
  } catch (error) {
    reply.close()
    throw error
  }
  const mediaType = reply.headers['content-type']?.split(';')[0]?.trim()
  return { body: reply.body, ...(mediaType ? { mediaType } : {}) }
}

function check({ status, url, headers }: OutboundReply, maxBytes: number): void {
  const { host, pathname } = new URL(url)
  const where = `${host}${pathname.slice(0, 200)}`
  if (status === 404 || status === 410)
    throw new LonghaulError('object-not-found', `There is no ${where}: it answered ${status}.`)
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new LonghaulError('outbound-failed', `${where} answered ${status}.`)
  if (status !== 200)
    throw new LonghaulError('uri-refused', `${where} answered ${status}, not with a file.`)
  const length = Number(headers['content-length'] ?? 0)
  if (length > maxBytes)
    throw new LonghaulError(
      'outbound-too-large',
      `${where} has ${length} bytes; at most ${maxBytes} are fetched. Upload it instead.`,
    )
}
