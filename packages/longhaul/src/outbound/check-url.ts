import { LonghaulError } from '../errors/index.ts'
import type { AllowList } from './allow-list.ts'
import { parseIp, type IpAddress } from './ip-address.ts'
import { isPublicAddress } from './public-address.ts'

const maxUrlLength = 2048

/** What the text of a URL tells by itself, before anybody is asked for its address. Throws 'outbound-refused'. */
export function checkUrl(text: string, allowed: AllowList): URL {
  if (text.length > maxUrlLength)
    throw refused(`a URL of ${text.length} characters; ${maxUrlLength} are allowed`)
  if (!URL.canParse(text)) throw refused(`${shown(text)} is no URL`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(`${shown(url.protocol)} is neither http: nor https:`)
  if (url.username !== '' || url.password !== '')
    throw refused('a URL must carry no user name and no password')
  const literal = parseIp(url.hostname)
  if (literal !== undefined) checkAddress(url, literal, allowed)
  else checkName(url, allowed)
  return url
}

function checkName(url: URL, allowed: AllowList): void {
  const { hostname } = url
  const port = portOf(url)
  if (allowed.allowsName(hostname, port)) return
  // What it leads to is known without a resolver, and some have the name in no table.
  if (/(^|\.)localhost\.?$/.test(hostname))
    throw notAllowed(`${hostname} is this machine`, hostname)
}

/** One of the addresses that the URL's host has. Throws 'outbound-refused'. */
export function checkAddress(url: URL, address: IpAddress, allowed: AllowList): void {
  const { hostname } = url
  const port = portOf(url)
  if (allowed.allowsName(hostname, port) || allowed.allowsAddress(address, port)) return
  if (!isPublicAddress(address))
    throw notAllowed(`${hostname} leads to an address that is not public`, hostname)
  if (!allowed.isWebPort(port))
    throw notAllowed(`port ${port} of ${hostname}`, `${hostname}:${port}`)
}

export const portOf = (url: URL): number =>
  url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)

/** Said without the address that a name leads to: it would tell outsiders how our networks look. */
const notAllowed = (what: string, entry: string): LonghaulError =>
  refused(`${what}; the operator may allow it with LONGHAUL_OUTBOUND_ALLOW=${entry}`)

export const refused = (why: string): LonghaulError =>
  new LonghaulError('outbound-refused', `Not allowed: ${why}.`)

const shown = (text: string): string => JSON.stringify(text.slice(0, 80))
