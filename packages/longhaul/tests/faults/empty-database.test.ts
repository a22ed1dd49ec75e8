import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drivers, shareData, type SharedData } from '../harness/shared-data.ts'
import { expectDoneOnce, startHosts, type Hosts } from './hosts.ts'

describe.each(drivers)('an empty %s', (driver) => {
  let data: SharedData
  let hosts: Hosts | undefined
  beforeEach(async () => {
    data = await shareData(driver)
  })
  afterEach(async () => {
    await hosts?.stop()
    await data.stop()
  })

  it('takes three processes that start at the same moment', async () => {
    // Bytes are kept in one folder by all of them; the database is what they race for.
    const { dataDir } = data.configFor(0)
    const configs = [0, 1, 2].map((host) => ({
      ...data.configFor(host),
      ...(dataDir && { dataDir }),
      // None dies here: a lease that a busy machine lets expire would be the machine's complaint, not theirs.
      leaseMs: 30_000,
    }))
    hosts = await startHosts(configs)
    const tags = new Map<string, string>()
    for (let n = 0; n < 6; n++)
      tags.set(await hosts.submit('write', { tag: `t${n}` }, n % 3), `t${n}`)
    await hosts.ended([...tags.keys()])
    await expectDoneOnce(configs[0] ?? {}, tags)
    expect(hosts.servers.map((server) => server.errors()).join('')).toBe('')
  })
})
