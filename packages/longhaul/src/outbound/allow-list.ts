import { isInRange, parseIp, parseRange, type IpAddress, type IpRange } from './ip-address.ts'

/** Ports of the web. Another one is somebody's database or mail server until the operator says otherwise. */
const webPorts = new Set([80, 443, 8080, 8443])

type Entry = { readonly port: number | undefined } & (
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean }
  | { readonly kind: 'range'; readonly range: IpRange }
)

/** What the operator allows beyond the public internet. */
export interface AllowList {
  /** The host by its name: wherever that leads. */
  allowsName(hostname: string, port: number): boolean
  allowsAddress(address: IpAddress, port: number): boolean
  isWebPort(port: number): boolean
}

/**
 * `hooks.lab.org`, `*.lab.org` (what is below it), `10.1.0.0/16`, `[fd00::1]`, each with `:port` or for every port.
 * Undefined: not to be understood.
 */
function parseEntry(text: string): Entry | undefined {
  const whole = parseRange(text)
  if (whole !== undefined) return { kind: 'range', range: whole, port: undefined }
  const [, inBrackets, plain, digits] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = inBrackets ?? plain
  const port = digits === undefined ? undefined : Number(digits)
  if (host === undefined || port === 0 || (port ?? 0) > 65_535) return undefined
  const range = parseRange(host)
  if (range !== undefined) return { kind: 'range', range, port }
  if (inBrackets !== undefined) return undefined
  const below = host.startsWith('*.')
  const name = canonicalName(below ? host.slice(2) : host)
  return name === undefined ? undefined : { kind: 'name', name, below, port }
}

/** As a URL spells it: lower case, punycode. Not `*`, which would allow everything, nor a number that is an address. */
function canonicalName(name: string): string | undefined {
  if (/[/*@?#\\\s:]/.test(name) || !URL.canParse(`http://${name}/`)) return undefined
  const { hostname } = new URL(`http://${name}/`)
  return parseIp(hostname) === undefined ? hostname.replace(/\.$/, '') : undefined
}

/** Whether `LONGHAUL_OUTBOUND_ALLOW` may hold this. */
export const isAllowEntry = (text: string): boolean => parseEntry(text) !== undefined

export function createAllowList(texts: readonly string[]): AllowList {
  const entries = texts.flatMap((text) => parseEntry(text) ?? [])
  const some = (port: number, holds: (entry: Entry) => boolean): boolean =>
    entries.some((entry) => (entry.port === undefined || entry.port === port) && holds(entry))
  return {
    allowsName(hostname, port) {
      const name = hostname.replace(/\.$/, '')
      return some(port, (entry) => {
        if (entry.kind !== 'name') return false
        return entry.below ? name.endsWith(`.${entry.name}`) : name === entry.name
      })
    },
    allowsAddress: (address, port) =>
      some(port, (entry) => entry.kind === 'range' && isInRange(address, entry.range)),
    isWebPort: (port) => webPorts.has(port),
  }
}
