import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { createAllowList } from './allow-list.ts'
import { checkAddress, checkUrl, refused } from './check-url.ts'
import { exchange, type Hop } from './exchange.ts'
import { parseIp } from './ip-address.ts'
import type { Outbound } from './outbound.ts'
import { failed, translated } from './outbound-error.ts'
import { patienceFor, type Patience } from './patience.ts'
import { redirectOf } from './redirect.ts'
import { toReply } from './to-reply.ts'

export interface OutboundOptions {
  /** Hosts, addresses and ranges beyond the public internet; see allow-list. */
  readonly allow?: readonly string[]
  /** Every address of a name. @default the system's resolver */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
}

const maxRedirects = 5

export function createOutbound({ allow = [], resolve = ask }: OutboundOptions = {}): Outbound {
  const allowed = createAllowList(allow)

  /** All of them are checked: which one a connection would take is not ours to say. */
  async function checkedAddresses(url: URL, patience: Patience): Promise<readonly string[]> {
    const literal = parseIp(url.hostname)
    if (literal !== undefined) return [url.hostname.replace(/^\[|\]$/g, '')]
    const addresses = await patience.orGiveUp(resolve(url.hostname))
    if (addresses.length === 0) throw failed(url, 'the name has no address')
    for (const address of addresses) {
      const parsed = parseIp(address)
      if (parsed === undefined) throw refused(`${url.hostname} leads to no address`)
      checkAddress(url, parsed, allowed)
    }
    return addresses
  }

  async function follow(first: Hop, patience: Patience): Promise<[IncomingMessage, URL]> {
    let hop = first
    for (let redirects = 0; ; redirects += 1) {
      const addresses = await checkedAddresses(hop.url, patience)
      const reply = await exchange(hop, addresses, patience.signal)
      const next = nextOf(reply, hop)
      if (next === undefined) return [reply, hop.url]
      reply.destroy()
      if (redirects === maxRedirects)
        throw failed(hop.url, `it sends us on more than ${maxRedirects} times`)
      hop = { ...next, url: checkUrl(next.url, allowed) }
    }
  }

  return {
    check: (url) => checkUrl(url, allowed),
    async send(request) {
      const url = checkUrl(request.url, allowed)
      const { method = 'GET', headers = {}, body } = request
      const patience = patienceFor(request)
      try {
        const [reply, from] = await follow({ url, method, headers, body }, patience)
        return toReply(reply, from, request, patience)
      } catch (error) {
        patience.end()
        throw translated(error, url, patience)
      }
    },
  }
}

/** A redirect that may not be followed must not keep its connection. */
function nextOf(reply: IncomingMessage, hop: Hop): ReturnType<typeof redirectOf> {
  try {
    return redirectOf(reply, hop)
  } catch (error) {
    reply.destroy()
    throw error
  }
}

const ask = async (hostname: string): Promise<readonly string[]> =>
  (await lookup(hostname, { all: true, order: 'verbatim' })).map(({ address }) => address)
