import { setTimeout as sleep } from 'node:timers/promises'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from '../../app/config.ts'
import { httpHandler } from './http-handler.ts'
import { createHash } from 'node:crypto'
import { isPassing, nameOf, toStoreError } from './store-errors.ts'

/** How much a store is borne with. */
export interface Tuning {
  /** The store is given up for this try when it takes, answers or sends nothing for so long. @default 30 s */
  readonly stallMs: number
  /** The same for copies and completions, before which it may have minutes of work. @default 10 minutes */
  readonly workMs: number
  /** @default 6, over some seconds */
  readonly tries: number
  /** Before the second try; doubled for every further one. @default 100 ms */
  readonly pauseMs: number
}

export interface Connection {
  readonly client: S3Client
  readonly bucket: string
  /** As it may be shown. */
  readonly endpoint: string
  /**
   * Runs a request until it succeeds or fails for good, and names the failure. `attempt` must be able to run again from
   * the start; with `once` it cannot. `what` follows "could not". `patient`: the store may have to work before it answers.
   */
  readonly send: <T>(
    what: string,
    attempt: (options: SendOptions) => Promise<T>,
    options?: {
      readonly signal?: AbortSignal | undefined
      readonly patient?: boolean
      readonly once?: boolean
    },
  ) => Promise<T>
  /** A body whose digest is known, so that it is not computed once more for the signature. */
  readonly hashed: (bytes: Uint8Array, sha256: string) => Uint8Array
  /** For a failure that was met outside of `send`. */
  readonly named: (error: unknown, what: string) => unknown
  /**
   * Whether OpenStack Swift answers, as far as any answer has told. It alone needs a second look: an object that is being
   * replaced may seem missing for a moment, and an upload seems open after it is complete.
   */
  readonly isSwift: () => boolean
  /** Whether a further try is worth it; then after a pause. */
  readonly again: (error: unknown, tried: number, signal?: AbortSignal) => Promise<boolean>
}
export interface SendOptions {
  readonly abortSignal?: AbortSignal
  readonly requestTimeout: number
}

const maxPauseMs = 20_000

export function connect(
  { endpoint, accessKey, secretKey, region, bucket }: S3Config & { readonly bucket: string },
  { stallMs, workMs, tries, pauseMs }: Tuning,
): Connection {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestHandler: httpHandler({ stallMs }),
    maxAttempts: 1, // tries are ours: only we know which bodies can be sent again
    expectContinueHeader: false,
    // What we send is hashed anyway, and the hash is signed. Checksums on top are asked for where they are of use.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const digests = new WeakMap<object, string>()
  signPayloads(client, digests)
  let isSwift = false
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      const { headers } = answer.response as { headers: Record<string, string> }
      isSwift ||= headers['x-openstack-request-id'] !== undefined
      return answer
    },
    { step: 'deserialize', priority: 'low', name: 'longhaulSeeServer' },
  )
  const shown = withoutCredentials(endpoint)

  const again: Connection['again'] = async (error, tried, signal) => {
    if (!(isPassing(error) || isCorrected(error)) || tried >= tries) return false
    await sleep(pauseAfter(error, tried, pauseMs), undefined, signal && { signal }).catch(() => {})
    return true
  }
  const named = (error: unknown, what: string, tried = 1) =>
    toStoreError(error, { endpoint: shown, bucket, what, tries: tried })

  return {
    client,
    bucket,
    endpoint: shown,
    named,
    again,
    isSwift: () => isSwift,
    hashed(bytes, sha256) {
      digests.set(bytes, sha256)
      return bytes
    },
    async send(what, attempt, { signal, patient = false, once = false } = {}) {
      const options = {
        ...(signal && { abortSignal: signal }),
        requestTimeout: patient ? workMs : stallMs,
      }
      for (let tried = 1; ; tried++) {
        signal?.throwIfAborted()
        try {
          return await attempt(options)
        } catch (error) {
          signal?.throwIfAborted()
          if (once || !(await again(error, tried, signal))) throw named(error, what, tried)
        }
      }
    },
  }
}

/** Our clock is wrong, and the SDK has just learned by how much: the next request says the store's time. */
const isCorrected = (error: unknown): boolean =>
  (error as { $metadata?: { clockSkewCorrected?: boolean } }).$metadata?.clockSkewCorrected === true

/** Twice as long each time, and not for all at once. A store that says how long is taken at its word, within reason. */
function pauseAfter(error: unknown, tried: number, pauseMs: number): number {
  const wanted = (
    error as { $retryable?: unknown; $response?: { headers?: Record<string, string> } }
  ).$response?.headers?.['retry-after']
  const askedMs = Number(wanted) * 1000
  if (askedMs > 0) return Math.min(askedMs, maxPauseMs)
  const busy = nameOf(error) === 'SlowDown' ? 4 : 1
  return Math.min(maxPauseMs, pauseMs * busy * 2 ** (tried - 1)) * (0.5 + Math.random() / 2)
}

/** Asks again before it is believed, where a store is known to say so too early. */
export async function surelyMissing<T>(
  { isSwift }: Connection,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let looks = isSwift() ? 3 : 1; ; looks--) {
    const found = await look()
    if (found !== undefined || looks <= 1) return found
  }
}

function withoutCredentials(endpoint: string): string {
  const url = new URL(endpoint)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/**
 * The signature covers the SHA-256 of what is sent, so that every store refuses bytes that changed on the way, also those
 * which know nothing of newer checksums. A deletion of many is checked by MD5, which all of them want.
 */
function signPayloads(client: S3Client, digests: WeakMap<object, string>): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body?: unknown }
      const sha256 = typeof body === 'object' && body ? digests.get(body) : undefined
      if (sha256 !== undefined) headers['x-amz-content-sha256'] = sha256
      if ('Delete' in args.input) {
        for (const name of Object.keys(headers))
          if (/^x-amz-(sdk-)?checksum-/.test(name)) delete headers[name]
        headers['content-md5'] = createHash('md5').update(String(body)).digest('base64')
      }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'longhaulSignPayloads' },
  )
}
