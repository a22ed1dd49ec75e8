/** Takes a secret out of texts that others wrote, however they had to spell it. */
export function secretKeeper(secret: string): (text: string) => string {
  const spelt = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
  ].filter((one) => one !== '')
  return (text) => spelt.reduce((rest, one) => rest.replaceAll(one, '[key]'), text)
}
