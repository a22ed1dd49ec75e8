import { createHmac } from 'node:crypto'

/**
 * Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. Several secrets give several signatures, of which a receiver
 * needs to know one: so a secret can be replaced without a gap.
 */
export function signatureOf(
  secrets: readonly Buffer[],
  id: string,
  timestamp: string,
  body: string,
): string {
  const signed = `${id}.${timestamp}.${body}`
  return secrets
    .map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
    .join(' ')
}

/** How receivers are told a secret; their libraries read it so. */
export const toWebhookSecret = (secret: Buffer): string => `whsec_${secret.toString('base64')}`
