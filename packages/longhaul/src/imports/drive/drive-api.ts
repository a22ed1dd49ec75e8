import type { Outbound, OutboundReply } from '../../outbound/index.ts'
import type { DriveConfig } from '../source-config.ts'
import { patiently } from '../patience.ts'
import { mayPass, passing, refused, retryAfterOf } from '../source.ts'
import type { Tuning } from '../tuning.ts'
import { AccessToken } from './access-token.ts'
import { jsonOf } from './reply-json.ts'

export interface DriveApiOptions {
  readonly outbound: Outbound
  readonly rootUrl: string
  readonly maxBytes: number
  readonly silenceMs: number
  readonly tuning: Tuning
}
export type Query = Readonly<Record<string, string>>

const timeoutMs = 7 * 24 * 3_600_000
const answerTimeoutMs = 60_000
const answerBytes = 16 * 1024 * 1024
/** Of a 403: too much was asked for, by this account or by all. */
const busy = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'backendError'])

/** Requests to the Drive API in the name of one service account. A token that was refused is replaced once. */
export class DriveApi {
  readonly #token: AccessToken
  readonly #options: DriveApiOptions

  constructor(config: DriveConfig, options: DriveApiOptions) {
    this.#token = new AccessToken(config, options.outbound)
    this.#options = options
  }

  async json(path: string, query: Query, signal: AbortSignal) {
    const limits = { signal, timeoutMs: answerTimeoutMs, maxBytes: answerBytes }
    return patiently(this.#options.tuning, signal, async () =>
      jsonOf(await this.#send(path, query, limits)),
    )
  }

  /** 200, or 206 where a range was asked for. */
  content(path: string, query: Query, range: string | undefined, signal: AbortSignal) {
    const { maxBytes } = this.#options
    return this.#send(path, query, { signal, timeoutMs, maxBytes, range })
  }

  async #send(
    path: string,
    query: Query,
    {
      range,
      ...limits
    }: { signal: AbortSignal; timeoutMs: number; maxBytes: number; range?: string | undefined },
  ): Promise<OutboundReply> {
    const { outbound, rootUrl, silenceMs } = this.#options
    for (let tried = 1; ; tried++) {
      const token = await this.#token.get(limits.signal)
      const reply = await outbound.send({
        url: `${rootUrl}/drive/v3/${path}?${new URLSearchParams(query).toString()}`,
        headers: {
          authorization: `Bearer ${token}`,
          ...(range === undefined ? {} : { range: `bytes=${range}` }),
        },
        ...{ silenceMs, ...limits },
      })
      if (reply.status === 200 || reply.status === 206) return reply
      if (reply.status === 401 && tried === 1) {
        reply.close()
        this.#token.drop(token)
        continue
      }
      throw await failureOf(reply)
    }
  }
}

async function failureOf(reply: OutboundReply) {
  const { status, headers } = reply
  const { error } = (await jsonOf(reply)) as {
    readonly error?: { readonly errors?: readonly { readonly reason?: unknown }[] }
  }
  const said = error?.errors?.[0]?.reason
  const reason = typeof said === 'string' && /^\w{1,60}$/.test(said) ? said : ''
  const answered = `Google Drive answered ${status}${reason && ` ${reason}`}`
  if (reason === 'downloadQuotaExceeded')
    return refused(
      `${answered}: the file has been downloaded too often. Google allows it again after a day; start the import then.`,
    )
  if (mayPass(status) || (status === 403 && busy.has(reason)))
    return passing(`${answered}.`, retryAfterOf(headers['retry-after']))
  if (status === 404)
    return refused(
      `${answered}: there is no such file, or it is not shared with the service account.`,
    )
  if (status === 403 && reason === 'cannotDownloadAbusiveFile')
    return refused(`${answered}: Google takes the file for malware.`)
  if (status === 403) return refused(`${answered}: the service account may not download it.`)
  if (status === 416) return refused(`${answered}: the file has fewer bytes than it says.`)
  return refused(`${answered}.`)
}
