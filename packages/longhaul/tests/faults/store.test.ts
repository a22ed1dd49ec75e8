import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigOptions } from '../../src/app/index.ts'
import {
  startHttpFaultProxy,
  type HttpFault,
  type HttpFaultProxy,
} from '../../src/testing/servers/http-fault-proxy.ts'
import { startTestSwift } from '../../src/testing/servers/swift.ts'
import { expectDoneOnce, startHosts, type Hosts } from './hosts.ts'

const swift = await startTestSwift()
if (!swift) process.stderr.write('No S3 server is installed: faults of a store are not tested.\n')

describe.skipIf(!swift)('an S3 server, under a service at work', () => {
  let store: HttpFaultProxy
  let next: (() => HttpFault | undefined) | undefined
  let folder: string
  let config: ConfigOptions & { readonly s3: object }
  let hosts: Hosts
  beforeEach(async () => {
    const { s3, newBucket } = swift as NonNullable<typeof swift>
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fault-'))
    next = undefined
    store = await startHttpFaultProxy(s3.endpoint, () => next?.())
    config = { dataDir: path.join(folder, 'data'), s3, bucket: await newBucket() }
    hosts = await startHosts([{ ...config, s3: { ...s3, endpoint: store.url } }])
  })
  afterEach(async () => {
    await hosts.stop()
    await store.stop()
    await rm(folder, { recursive: true, force: true })
  })
  afterAll(() => swift?.stop())

  async function work(jobs: number): Promise<Map<string, string>> {
    const tags = new Map<string, string>()
    for (let n = 0; n < jobs; n++)
      tags.set(await hosts.submit('write', { tag: `t${n}`, ms: 20 }), `t${n}`)
    return tags
  }

  it.each(['internal-error', 'slow-down', 'reset', 'lost-answer'] as const)(
    'that has %s for every third request: every job completes once',
    async (fault) => {
      let asked = 0
      next = () => (asked++ % 3 === 0 ? fault : undefined)
      const tags = await work(6)
      const jobs = await hosts.ended([...tags.keys()])
      expect(jobs.map(({ failures, lost }) => ({ failures, lost }))).toEqual(
        jobs.map(() => ({ failures: 0, lost: 0 })),
      )
      expect(store.struck[fault]).toBeGreaterThan(6)
      next = undefined
      await expectDoneOnce(config, tags)
    },
  )

  it('that never answers two requests: every job completes once all the same', async () => {
    let asked = 0
    next = () => ([4, 9].includes(asked++) ? 'stall' : undefined)
    const tags = await work(4)
    await hosts.ended([...tags.keys()], 150_000)
    expect(store.struck.stall).toBe(2)
    next = undefined
    await expectDoneOnce(config, tags)
  })
})
