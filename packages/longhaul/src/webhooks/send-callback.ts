import { isLonghaulError } from '../errors/index.ts'
import type { Outbound } from '../outbound/index.ts'
import type { CallbackKeys } from './callback-keys.ts'
import { callbackIdOf, type CallbackRow } from './callback-statements.ts'
import { retryAfterMs, type TryResult } from './next-step.ts'
import { signatureOf } from './signature.ts'

export interface SendCallback {
  readonly outbound: Outbound
  readonly keys: CallbackKeys
  readonly userAgent: string
}

/** As system B gave its receivers. */
const timeoutMs = 10_000

/**
 * One try. Rejects only when `signal` aborts. Of the answer nothing but the status is kept: what a server says must not be
 * read through us by those who chose its address.
 */
export async function sendCallback(
  { outbound, keys, userAgent }: SendCallback,
  row: CallbackRow,
  body: string,
  signal: AbortSignal,
): Promise<TryResult> {
  const start = performance.now()
  const took = () => Math.round(performance.now() - start)
  const id = callbackIdOf(row)
  const timestamp = String(Math.floor(Date.now() / 1000))
  try {
    const reply = await outbound.send({
      url: row.url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': userAgent,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(await keys.secretsOf(row.owner), id, timestamp, body),
      },
      body,
      signal,
      timeoutMs,
      maxBytes: 0,
    })
    reply.close()
    return { ...judged(reply.status, reply.headers['retry-after']), durationMs: took() }
  } catch (error) {
    if (signal.aborted || !isLonghaulError(error)) throw error
    const final = error.code === 'outbound-refused'
    return { status: null, error: error.message, durationMs: took(), final }
  }
}

function judged(status: number, retryAfter: string | undefined): Omit<TryResult, 'durationMs'> {
  if (status >= 200 && status < 300) return { status, error: null }
  const error =
    status >= 300 && status < 400
      ? `It answered ${status}: a callback is sent on only by 307 and 308, and not for ever.`
      : `It answered ${status}.`
  // Standard Webhooks: 410 is a receiver that wants no more of them.
  if (status === 410) return { status, error, final: true }
  const afterMs = status === 429 || status === 503 ? retryAfterMs(retryAfter) : undefined
  return { status, error, ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }) }
}
