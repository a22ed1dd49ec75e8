import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { signatureOf, toWebhookSecret } from './signature.ts'

it('signs id, time and body, once for each secret, as a receiver computes it from what it was told', () => {
  const secrets = [Buffer.from('the newer secret'), Buffer.from('the older secret')]
  const [newer, older] = signatureOf(secrets, 'j_1.3', '1795420800', '{"a":1}').split(' ')
  for (const [index, signature] of [newer, older].entries()) {
    const told = toWebhookSecret(secrets[index] ?? Buffer.of())
    const key = Buffer.from(told.replace('whsec_', ''), 'base64')
    const expected = createHmac('sha256', key).update('j_1.3.1795420800.{"a":1}').digest('base64')
    expect(signature).toBe(`v1,${expected}`)
  }
  expect(newer).not.toBe(older)
})
