import {
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
  UploadPartCopyCommand,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { isLonghaulError } from '../../errors/index.ts'
import type { Outbound } from '../../outbound/index.ts'
import { safeName } from '../safe-name.ts'
import type { S3Config } from '../source-config.ts'
import {
  changed,
  mayPass,
  passing,
  refused,
  retryAfterOf,
  SourceFailure,
  type Bytes,
  type FoundFile,
  type Source,
} from '../source.ts'
import { guardedHandler } from './guarded-handler.ts'

export interface S3SourceOptions {
  readonly outbound: Outbound
  readonly maxBytes: number
  readonly silenceMs: number
  /** The service's own store, where it is an S3. */
  readonly own:
    | {
        readonly endpoint: string
        readonly accessKey: string
        readonly secretKey: string
        readonly region: string
        readonly bucket: string
      }
    | undefined
}

const timeoutMs = 7 * 24 * 3_600_000

/**
 * An object of any S3-compatible store, read with the caller's own keys and nothing else of this machine's. Where they are
 * the very keys of the service's store, that store copies by itself. This folder is imported when it is first needed: the
 * SDK takes tens of MB.
 */
export function s3Source(config: S3Config, options: S3SourceOptions): Source {
  const { endpoint, region, bucket: Bucket, key: Key, versionId } = config
  const { outbound, maxBytes, silenceMs, own } = options
  const { accessKeyId, secretAccessKey, sessionToken } = config
  const settings = {
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    credentials: {
      ...{ accessKeyId, secretAccessKey },
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    // What the machine is configured for is none of the caller's.
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
  }
  const client = new S3Client({
    ...settings,
    requestHandler: guardedHandler(outbound, { maxBytes, silenceMs, timeoutMs }),
  })
  const where = { Bucket, Key, ...(versionId === undefined ? {} : { VersionId: versionId }) }
  const isOwn =
    own?.endpoint === endpoint &&
    own.accessKey === accessKeyId &&
    own.secretKey === secretAccessKey &&
    sessionToken === undefined
  // The operator's own address, which the guard need not know.
  const copier = isOwn ? new S3Client(settings) : undefined
  const object = `s3://${Bucket}/${Key}`

  async function look(place: string, signal: AbortSignal): Promise<FoundFile> {
    const head = await client
      .send(new HeadObjectCommand(where), { abortSignal: signal })
      .catch((error: unknown) => {
        throw failureOf(error, object)
      })
    return {
      place,
      name: safeName(Key.split('/').at(-1)),
      sizeBytes: head.ContentLength ?? 0,
      ...(head.ETag === undefined ? {} : { version: head.ETag }),
      ...(isMediaType(head.ContentType) ? { mediaType: head.ContentType } : {}),
      ranged: head.ETag !== undefined,
    }
  }

  return {
    look,
    async *list(signal) {
      yield await look('', signal)
    },
    async read(file, range, signal) {
      let answer: GetObjectCommandOutput
      try {
        answer = await client.send(
          new GetObjectCommand({
            ...where,
            ...(file.version === undefined ? {} : { IfMatch: file.version }),
            ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
          }),
          { abortSignal: signal },
        )
      } catch (error) {
        throw failureOf(error, object)
      }
      if (file.version !== undefined && answer.ETag !== file.version)
        throw changed(`${object} is another object than it was.`)
      return answer.Body as unknown as Bytes
    },
    ...(copier === undefined
      ? {}
      : {
          async copyPart(file, { start, end }, to, signal) {
            try {
              await copier.send(
                new UploadPartCopyCommand({
                  Bucket: own?.bucket,
                  Key: to.key,
                  UploadId: to.storeUploadId,
                  PartNumber: to.partNumber,
                  CopySource: `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}${versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`}`,
                  CopySourceRange: `bytes=${start}-${end}`,
                  ...(file.version === undefined ? {} : { CopySourceIfMatch: file.version }),
                }),
                { abortSignal: signal },
              )
            } catch (error) {
              throw failureOf(error, object)
            }
          },
        }),
    close() {
      client.destroy()
      copier?.destroy()
    },
  }
}

const isMediaType = (text: string | undefined): text is string =>
  /^[\w.+-]+\/[\w.+-]+$/.test(text ?? '')

interface SdkError extends Error {
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** In our words: what the SDK throws may repeat the key and the string that was signed. */
function failureOf(thrown: unknown, object: string): unknown {
  if (isLonghaulError(thrown) || thrown instanceof SourceFailure) return thrown
  const error = thrown as SdkError
  const status = error.$metadata?.httpStatusCode
  if (error.name === 'AbortError' || !(thrown instanceof Error)) return thrown
  if (status === undefined)
    return passing(`${object} could not be read: ${error.code ?? 'the connection failed'}.`)
  if (status === 412 || status === 416) return changed(`${object} is another object than it was.`)
  const said = `The store answered ${status} for ${object}`
  if (mayPass(status) || /^(SlowDown|RequestTimeTooSkewed|RequestTimeout)$/.test(error.name))
    return passing(`${said}.`, retryAfterOf(error.$response?.headers?.['retry-after']))
  if (status === 404) return refused(`${said}: there is no such object.`)
  if (status === 401 || status === 403)
    return refused(`${said}: the access key is wrong, or may not read it.`)
  return refused(`${said}.`)
}
