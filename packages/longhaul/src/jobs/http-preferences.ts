/** What `Prefer` (RFC 7240) says about waiting: `wait=N`, or `respond-async` for not at all. */
export function preferredWaitSeconds(
  header: string | string[] | undefined,
): { readonly seconds: number; readonly applied: string } | undefined {
  const text = [header ?? []].flat().join(',')
  if (prefersAsync(header)) return { seconds: 0, applied: 'respond-async' }
  const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?/i.exec(text)?.[1]
  if (wait === undefined) return undefined
  const seconds = Math.min(Number(wait), maxWaitSeconds)
  return { seconds, applied: `wait=${seconds}` }
}

export const prefersAsync = (header: string | string[] | undefined): boolean =>
  /(^|,)\s*respond-async\s*(,|;|$)/i.test([header ?? []].flat().join(','))

export const defaultWaitSeconds = 30
export const maxWaitSeconds = 60
