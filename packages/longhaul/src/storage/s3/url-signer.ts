import { createHash, createHmac } from 'node:crypto'
import type { S3Config } from '../../app/config.ts'
import { attachment } from '../../support/attachment.ts'
import type { UrlSigner } from '../object-store.ts'
import { uriEncode, uriEncodePath } from '../../support/uri-encode.ts'

/**
 * URLs of the store itself, signed as AWS Signature Version 4 has it. They name the public endpoint, since clients follow
 * them, and cost some hashing and no request: ten thousand are a matter of a second, in which others get their turn
 * between the batches that the caller makes.
 */
export function s3UrlSigner(
  config: S3Config & { readonly bucket: string },
  /** By how much the store's clock is ahead of ours. */
  clockOffsetMs: () => number,
): UrlSigner {
  const endpoint = new URL(config.publicEndpoint ?? config.endpoint)
  const basePath = `${endpoint.pathname.replace(/\/+$/, '')}/${config.bucket}`
  const keyOfDay = signingKeys(config)

  function sign(
    method: 'GET' | 'PUT',
    key: string,
    expiresInSeconds: number,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): string {
    const time = new Date(Date.now() + clockOffsetMs()).toISOString().replace(/[-:]|\.\d{3}/g, '')
    const day = time.slice(0, 8)
    const scope = `${day}/${config.region}/s3/aws4_request`
    const signed = Object.entries({ ...headers, host: endpoint.host }).sort(byName)
    const names = signed.map(([name]) => name).join(';')
    const all = {
      ...query,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${config.accessKey}/${scope}`,
      'X-Amz-Date': time,
      'X-Amz-Expires': String(expiresInSeconds),
      'X-Amz-SignedHeaders': names,
    }
    const path = `${basePath}/${uriEncodePath(key)}`
    const encoded = Object.entries(all)
      .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
      .sort(byName)
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    const canonical = [
      method,
      path,
      encoded,
      ...signed.map(([name, value]) => `${name}:${value}`),
      '',
      names,
      'UNSIGNED-PAYLOAD',
    ].join('\n')
    const digest = createHash('sha256').update(canonical).digest('hex')
    const signature = createHmac('sha256', keyOfDay(day))
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
      .digest('hex')
    return `${endpoint.origin}${path}?${encoded}&X-Amz-Signature=${signature}`
  }

  return {
    // The length is signed: whoever has the URL can send this many bytes and no others.
    partUrl: ({ key, uploadId }, partNumber, { expiresInSeconds, maxBytes }) =>
      sign(
        'PUT',
        key,
        expiresInSeconds,
        { partNumber: String(partNumber), uploadId },
        { 'content-length': String(maxBytes) },
      ),
    objectUrl: (key, { expiresInSeconds, fileName }) =>
      sign(
        'GET',
        key,
        expiresInSeconds,
        fileName === undefined ? {} : { 'response-content-disposition': attachment(fileName) },
      ),
  }
}

/** A key is good for one day and one region; it costs four hashes, so it is made once. */
function signingKeys({ secretKey, region }: S3Config): (day: string) => Buffer {
  let known: { readonly day: string; readonly key: Buffer } | undefined
  return (day) => {
    if (known?.day !== day) {
      const hmac = (key: string | Buffer, text: string) =>
        createHmac('sha256', key).update(text).digest()
      known = {
        day,
        key: [day, region, 's3', 'aws4_request'].reduce<Buffer>(
          (key, text) => hmac(key, text),
          Buffer.from(`AWS4${secretKey}`),
        ),
      }
    }
    return known.key
  }
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : a > b ? 1 : 0
