import fc from 'fast-check'
import { BlockList } from 'node:net'
import { expect, it } from 'vitest'
import { isInRange, parseIp, parseRange } from './ip-address.ts'
import { isPublicAddress } from './public-address.ts'

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6()

it('reads an address as a URL does, however it is spelt', () => {
  fc.assert(
    fc.property(ipv6, (text) => {
      const { hostname } = new URL(`http://[${text}]/`)
      expect(parseIp(text)).toHaveLength(16)
      expect(parseIp(text)).toEqual(parseIp(hostname))
    }),
  )
})

it.each([
  ['IPv4', ipv4, 32],
  ['IPv6', ipv6, 128],
] as const)('knows what lies in a range of %s as the platform does', (_family, address, most) => {
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: most }), (one, start, bits) => {
      const list = new BlockList()
      const family = most === 32 ? 'ipv4' : 'ipv6'
      list.addSubnet(start, bits, family)
      const range = parseRange(`${start}/${bits}`)
      const ip = parseIp(one)
      if (range === undefined || ip === undefined) throw new Error('not read')
      expect(isInRange(ip, range)).toBe(list.check(one, family))
      expect(isInRange(range.start, range)).toBe(true)
    }),
  )
})

it('takes no address for public that wraps an IPv4 address', () => {
  fc.assert(
    fc.property(ipv4, (text) => {
      const hex = text
        .split('.')
        .map((byte) => Number(byte).toString(16).padStart(2, '0'))
        .join('')
        .replace(/^(....)/, '$1:')
      for (const wrapped of [
        `::ffff:${text}`,
        `::${text}`,
        `64:ff9b::${text}`,
        `64:ff9b:1::${text}`,
        `2002:${hex}::`,
      ])
        expect([wrapped, isPublicAddress(parseIp(wrapped) ?? [])]).toEqual([wrapped, false])
    }),
  )
})
