import { createPrivateKey, createSign } from 'node:crypto'
import type { Outbound } from '../../outbound/index.ts'
import { mayPass, passing, refused, retryAfterOf } from '../source.ts'
import type { DriveConfig } from '../source-config.ts'
import { jsonOf } from './reply-json.ts'

const scope = 'https://www.googleapis.com/auth/drive.readonly'
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const lifetimeSeconds = 3600
/** Before its end: a request that goes out must arrive in time. */
const marginMs = 60_000

/** Tokens of a service account, each asked for once and used until shortly before it ends. */
export class AccessToken {
  readonly #config: DriveConfig
  readonly #outbound: Outbound
  #token: { readonly text: string; readonly until: number } | undefined

  constructor(config: DriveConfig, outbound: Outbound) {
    this.#config = config
    this.#outbound = outbound
  }

  async get(signal: AbortSignal): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.until) return this.#token.text
    const asked = Date.now()
    const reply = await this.#outbound.send({
      url: this.#config.tokenUri,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: grant,
        assertion: assertionOf(this.#config),
      }).toString(),
      ...{ timeoutMs: 60_000, maxBytes: 64 * 1024, signal },
    })
    const said = await jsonOf(reply)
    const text = said['access_token']
    if (reply.status === 200 && typeof text === 'string') {
      const seconds = Number(said['expires_in'] ?? lifetimeSeconds) || lifetimeSeconds
      this.#token = { text, until: asked + seconds * 1000 - marginMs }
      return text
    }
    if (mayPass(reply.status))
      throw passing(
        `Google gives no token at present: it answered ${reply.status}.`,
        retryAfterOf(reply.headers['retry-after']),
      )
    throw refused(
      `Google gives no token for this service account (${reply.status}${shown(said['error'])}); check its key and its rights.`,
    )
  }

  /** It was refused, though its time is not over. */
  drop(token: string): void {
    if (this.#token?.text === token) this.#token = undefined
  }
}

/** RFC 7523: signed with the account's key, for the token endpoint alone. */
export function assertionOf(config: DriveConfig, now = Date.now()): string {
  const { clientEmail, privateKey, privateKeyId, tokenUri, subject } = config
  const iat = Math.floor(now / 1000)
  const header = {
    ...{ alg: 'RS256', typ: 'JWT' },
    ...(privateKeyId === undefined ? {} : { kid: privateKeyId }),
  }
  const claims = {
    ...{ iss: clientEmail, scope, aud: tokenUri, iat, exp: iat + lifetimeSeconds },
    ...(subject === undefined ? {} : { sub: subject }),
  }
  const text = [header, claims].map((one) => base64url(JSON.stringify(one))).join('.')
  const signature = createSign('RSA-SHA256').update(text).sign(createPrivateKey(privateKey))
  return `${text}.${signature.toString('base64url')}`
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')
const shown = (word: unknown): string =>
  typeof word === 'string' && /^[a-z_]{1,60}$/.test(word) ? `, ${word}` : ''
