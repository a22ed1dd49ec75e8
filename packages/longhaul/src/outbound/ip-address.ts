import { isIPv4, isIPv6 } from 'node:net'

/** An address as its bytes: 4 or 16, so that it is compared and never its spelling. */
export type IpAddress = readonly number[]

/** Undefined for what is no address. A zone (`fe80::1%eth0`) is none: it names an interface of this machine. */
export function parseIp(text: string): IpAddress | undefined {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (isIPv4(bare)) return bare.split('.').map(Number)
  if (!isIPv6(bare) || bare.includes('%')) return undefined
  const [head = '', tail] = bare.split('::')
  const before = bytesOf(head)
  if (tail === undefined) return before
  const after = bytesOf(tail)
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after]
}

/** The groups of one side of `::`, the last of which may be written as IPv4. */
const bytesOf = (groups: string): number[] =>
  groups === ''
    ? []
    : groups.split(':').flatMap((group) => {
        if (group.includes('.')) return group.split('.').map(Number)
        const value = Number.parseInt(group, 16)
        return [value >> 8, value & 255]
      })

export interface IpRange {
  readonly start: IpAddress
  readonly bits: number
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Undefined for anything else. */
export function parseRange(text: string): IpRange | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const start = parseIp(address)
  if (start === undefined || more.length > 0) return undefined
  const most = start.length * 8
  if (bits === undefined) return { start, bits: most }
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? { start, bits: Number(bits) } : undefined
}

/** An IPv4 range holds no IPv6 address, not even one that wraps an IPv4 address. */
export const isInRange = (address: IpAddress, { start, bits }: IpRange): boolean =>
  address.length === start.length &&
  address.every((byte, index) => {
    const mask = (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff
    return (byte & mask) === ((start[index] ?? 0) & mask)
  })

export const isSameIp = (a: IpAddress, b: IpAddress): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])
