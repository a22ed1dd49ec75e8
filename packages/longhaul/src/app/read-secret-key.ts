const keyBytes = 32

/** `LONGHAUL_SECRET_KEY`: 32 bytes in hexadecimal or base64. */
export function readSecretKey(
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): Buffer | undefined {
  const text = env['LONGHAUL_SECRET_KEY']?.trim() ?? ''
  if (text === '') return undefined
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64')
  if (key.length === keyBytes) return key
  mistakes.push(
    'LONGHAUL_SECRET_KEY must be 32 bytes in hexadecimal or base64, such as `openssl rand -hex 32` gives',
  )
  return undefined
}
