import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { LonghaulError } from '../errors/index.ts'
import type { Outbound, OutboundReply } from '../outbound/index.ts'
import type { Operation } from './operation.ts'

/** What the asset's server called it. */
export interface FetchedAsset {
  readonly mediaType: string
}

/**
 * Writes the asset behind a URL to a file, through the guard of outbound requests. Throws 'asset-refused' for what is no such
 * asset, 'asset-not-found', and what the guard throws.
 */
export async function fetchAsset(
  outbound: Outbound,
  url: string,
  { accepts, fetchTimeoutMs, maxAssetBytes }: Operation,
  to: string,
  signal: AbortSignal,
): Promise<FetchedAsset> {
  const reply = await outbound.send({
    url,
    timeoutMs: fetchTimeoutMs,
    silenceMs: fetchTimeoutMs,
    maxBytes: maxAssetBytes,
    signal,
  })
  try {
    const mediaType = checkReply(reply, accepts)
    await pipeline(reply.body, createWriteStream(to))
    return { mediaType }
  } finally {
    reply.close()
  }
}

function checkReply({ status, url, headers }: OutboundReply, accepts: string): string {
  const { host, pathname } = new URL(url)
  // Without the query: there may be a secret in it.
  const where = `${host}${pathname.slice(0, 200)}`
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new LonghaulError('outbound-failed', `${where} answered ${status}.`)
  if (status !== 200)
    throw new LonghaulError(
      'asset-not-found',
      `There is no asset at ${where}: it answered ${status}.`,
    )
  const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!isAccepted(mediaType, accepts))
    throw new LonghaulError(
      'asset-refused',
      `${where} is not ${accepts}: its Content-Type is ${mediaType || 'missing'}.`,
    )
  return mediaType || 'application/octet-stream'
}

/** `accepts`: media types with `*`, separated by commas. */
export function isAccepted(mediaType: string, accepts: string): boolean {
  return accepts.split(',').some((one) => {
    const [kind, detail] = one.trim().toLowerCase().split('/')
    if (kind === '*') return true
    const [itsKind, itsDetail] = mediaType.split('/')
    return kind === itsKind && (detail === '*' || detail === itsDetail)
  })
}
