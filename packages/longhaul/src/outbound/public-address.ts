import { isInRange, parseRange, type IpAddress, type IpRange } from './ip-address.ts'

const ranges = (texts: readonly string[]): readonly IpRange[] =>
  texts.map((text) => {
    const range = parseRange(text)
    if (range === undefined) throw new Error(`${text} is no range`)
    return range
  })

/** IANA's registry of special-purpose addresses, and what clouds keep for themselves. */
const specialIpv4 = ranges([
  '0.0.0.0/8', // "this network": connects to this machine
  '10.0.0.0/8',
  '100.64.0.0/10', // carriers; a cloud's metadata at 100.100.100.200
  '127.0.0.0/8',
  '168.63.129.16/32', // a cloud's agent on every machine of it
  '169.254.0.0/16', // link-local; metadata at 169.254.169.254
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments; metadata at 192.0.0.192
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
])

const [globalIpv6] = ranges(['2000::/3'])
/**
 * Inside the one block that is global. Outside of it lie loopback, link-local and unique-local addresses, multicast, and
 * those that wrap an IPv4 address: mapped (::ffff:0:0/96), compatible (::/96) and NAT64 (64:ff9b::/96).
 */
const specialIpv6 = ranges([
  '2001::/23', // protocol assignments; Teredo wraps IPv4
  '2001:db8::/32',
  '2002::/16', // 6to4 wraps IPv4
  '2620:4f:8000::/48',
  '3fff::/20',
])

/** Whether an address is somewhere on the internet, and not this machine, its networks, or a wrapper of either. */
export function isPublicAddress(address: IpAddress): boolean {
  const isIn = (range: IpRange | undefined): boolean =>
    range !== undefined && isInRange(address, range)
  if (address.length === 4) return !specialIpv4.some(isIn)
  return isIn(globalIpv6) && !specialIpv6.some(isIn)
}
