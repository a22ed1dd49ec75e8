import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { refused } from './check-url.ts'
import { isSameIp, parseIp, type IpAddress } from './ip-address.ts'

const maxHeaderBytes = 16 * 1024

/** One request to one host whose addresses have been checked. */
export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Resolves with the headers. The connection is to one of `addresses` and to nothing else; it ends with the reply. */
export function exchange(
  { url, method, headers, body }: Hop,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = request({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: url.pathname + url.search,
      method,
      // Decoding would let a small reply become a large one.
      headers: { ...headers, host: url.host, 'accept-encoding': 'identity', connection: 'close' },
      // One of its own: the shared one may go through a proxy, which would look the name up itself.
      agent: false,
      lookup: answering(addresses),
      maxHeaderSize: maxHeaderBytes,
      signal,
    })
    outgoing.on('socket', (socket) => watchPeer(outgoing, socket, addresses))
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The resolver has been asked once; this is what it said. */
const answering =
  (addresses: readonly string[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const answers = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first = { address: '', family: 0 }] = answers
    if (all) callback(null, answers)
    else callback(null, first.address, first.family)
  }

/** `lookup` is not asked for literal addresses, so what the socket is really connected to has the last word. */
function watchPeer(outgoing: ClientRequest, socket: Socket, addresses: readonly string[]): void {
  const expected = addresses.flatMap((address) => [parseIp(address) ?? []])
  const look = (): void => {
    const peer: IpAddress = parseIp(socket.remoteAddress ?? '') ?? []
    if (!expected.some((address) => isSameIp(address, peer)))
      outgoing.destroy(refused('the connection went to another address than the one checked'))
  }
  if (socket.connecting) socket.prependOnceListener('connect', look)
  else look()
}
