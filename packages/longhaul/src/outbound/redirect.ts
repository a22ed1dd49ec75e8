import type { IncomingMessage } from 'node:http'
import { refused } from './check-url.ts'
import type { Hop } from './exchange.ts'

/** Meant for one origin only. */
const personal = ['authorization', 'cookie', 'proxy-authorization']

/**
 * Where a reply sends us, its URL still unchecked. Undefined: it is the answer. A body is only ever sent on by 307 and 308,
 * which ask for just that; the others would turn a POST into a GET that says nothing.
 */
export function redirectOf(
  { statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  hop: Hop,
): (Omit<Hop, 'url'> & { readonly url: string }) | undefined {
  const { location } = headers
  const keepsMethod = statusCode === 307 || statusCode === 308
  const changesMethod = statusCode === 301 || statusCode === 302 || statusCode === 303
  const follows = keepsMethod || (changesMethod && hop.method !== 'POST')
  if (!follows || location === undefined) return undefined
  if (!URL.canParse(location, hop.url.href)) throw refused('a redirect to something that is no URL')
  const url = new URL(location, hop.url)
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw refused(`a redirect from https to http (${url.host})`)
  const kept = Object.entries(hop.headers).filter(
    ([name]) => url.origin === hop.url.origin || !personal.includes(name.toLowerCase()),
  )
  return { ...hop, url: url.href, headers: Object.fromEntries(kept) }
}
