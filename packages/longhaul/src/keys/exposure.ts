import { BlockList, isIP } from 'node:net'
import type { Config } from '../app/config.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Keys } from './keys.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine reaches the address. Also for `::ffff:127.0.0.1`, as a dual-stack socket says it. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')
  if (address.toLowerCase() === 'localhost') return true
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Refuses ('invalid-config') to serve others without a key, and says how to go on. */
export async function checkExposure(
  config: Pick<Config, 'host' | 'open'>,
  keys: Pick<Keys, 'exist'>,
): Promise<void> {
  if (isLoopback(config.host) || config.open || (await keys.exist())) return
  throw new LonghaulError(
    'invalid-config',
    [
      `longhaul does not listen on ${config.host} without a key: whoever reaches that address could run jobs.`,
      'Make a key:                 longhaul keys create --owner me',
      'or serve this machine only: --host 127.0.0.1',
      'or let everybody in:        --open',
    ].join('\n  '),
  )
}
