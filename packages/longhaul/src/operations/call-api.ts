import { createWriteStream, openAsBlob } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LonghaulError } from '../errors/index.ts'
import { isAccepted } from './fetch-asset.ts'
import { secretKeeper } from '../support/keep-secret.ts'
import type { ApiRequest, AssetApi, Operation } from './operation.ts'

/** The API said no, or nothing; `retryAfterMs`: it may say yes then. Absent in one that never will. */
export class ApiFailure extends Error {
  readonly problem: LonghaulError
  readonly mayPass: boolean
  readonly retryAfterMs: number | undefined

  constructor(
    problem: LonghaulError,
    how: { readonly mayPass: boolean; readonly retryAfterMs?: number | undefined },
  ) {
    super(problem.message)
    this.problem = problem
    this.mayPass = how.mayPass
    this.retryAfterMs = how.retryAfterMs
  }
}

interface Call {
  readonly operation: Operation
  readonly api: AssetApi
  /** Where the asset lies, and where the answer is to lie. */
  readonly from: string
  readonly to: string
  readonly fileName: string
  readonly mediaType: string
  readonly url: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

/** What the API finds fault with in the asset, and what may pass; all else is between it and the operator. */
const faultOfAsset = new Set([400, 413, 415, 422])
const mayPass = (status: number) => [408, 425, 429].includes(status) || status >= 500
const longestPauseMs = 3_600_000

/** Calls the API once and writes its answer to a file. Throws an ApiFailure in which the key does not occur. */
export async function callApi(call: Call): Promise<void> {
  const { operation, api, to, signal } = call
  const hide = secretKeeper(api.key)
  const where = new URL(api.url).host
  const late = AbortSignal.timeout(operation.callTimeoutMs)
  try {
    const { url, init } = await requestOf(call)
    const response = await fetch(url, { ...init, signal: AbortSignal.any([signal, late]) })
    if (!response.ok) throw await refusal(response, where, hide)
    const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (mediaType !== undefined && !isAccepted(mediaType, operation.answers)) {
      await response.body?.cancel()
      throw failure(`${where} answered with ${hide(mediaType)} instead of ${operation.answers}.`)
    }
    const bytes =
      response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never)
    await pipeline(bytes, limited(operation.maxAnswerBytes, where), createWriteStream(to))
  } catch (error) {
    if (error instanceof ApiFailure || signal.aborted) throw error
    if (late.aborted) {
      const detail = `${where} took longer than ${operation.callTimeoutMs} ms.`
      throw new ApiFailure(new LonghaulError('operation-timeout', detail), { mayPass: true })
    }
    // What fetch throws may quote headers, and so may the author's own function.
    const { message, cause } = error as Error
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? message
    throw new ApiFailure(
      new LonghaulError('operation-failed', `${where} could not be asked: ${hide(reason)}.`),
      { mayPass: true },
    )
  }
}

async function requestOf(call: Call): Promise<{ url: string; init: RequestInit }> {
  const { operation, api, from, fileName, mediaType, url, idempotencyKey } = call
  const asset = new File([await openAsBlob(from)], fileName, { type: mediaType })
  const parameters = call.parameters as never
  const said = await operation.request({ asset, url, parameters, api, idempotencyKey })
  const body = said.body ?? (said.form === undefined ? undefined : formOf(said.form))
  return {
    url: api.url + said.path,
    init: {
      method: said.method ?? 'POST',
      // Elsewhere the key would be given away.
      redirect: 'manual',
      ...(said.headers === undefined ? {} : { headers: said.headers }),
      ...(body === undefined ? {} : { body }),
    },
  }
}

function formOf(fields: NonNullable<ApiRequest['form']>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}

async function refusal(
  response: Response,
  where: string,
  hide: (text: string) => string,
): Promise<ApiFailure> {
  const { status } = response
  const said = shortened(hide(await beginningOf(response)))
  const detail = `${where} answered ${status}${said === '' ? '.' : `: ${said}`}`
  const code = faultOfAsset.has(status) ? 'asset-refused' : 'operation-failed'
  const problem = new LonghaulError(code, detail, { facts: { api_status: status } })
  return new ApiFailure(problem, { mayPass: mayPass(status), retryAfterMs: pauseOf(response) })
}

const failure = (detail: string): ApiFailure =>
  new ApiFailure(new LonghaulError('operation-failed', detail), { mayPass: false })

/** Seconds or a date. */
function pauseOf({ headers }: Response): number | undefined {
  const said = headers.get('retry-after')
  if (said === null) return undefined
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), longestPauseMs) : undefined
}

const shortened = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200)

/** Enough that a secret which begins in what is shown also ends in it. */
async function beginningOf({ body, headers }: Response): Promise<string> {
  if (!/^(text\/plain|application\/([\w.-]+\+)?json)/i.test(headers.get('content-type') ?? '')) {
    await body?.cancel()
    return ''
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
    if (size > 16_384) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

const limited = (maxBytes: number, where: string) =>
  async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let size = 0
    for await (const chunk of source) {
      size += chunk.length
      if (size > maxBytes) throw failure(`${where} sends more than ${maxBytes} bytes.`)
      yield chunk
    }
    if (size === 0) {
      const problem = new LonghaulError('operation-failed', `${where} answered without a byte.`)
      throw new ApiFailure(problem, { mayPass: true })
    }
  }
