import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigOptions } from '../../src/app/index.ts'
import { makeReadOnly } from '../../src/testing/servers/postgres-read-only.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/servers/postgres.ts'
import { proxyFor, type TcpProxy } from '../../src/testing/servers/tcp-proxy.ts'
import { expectDoneOnce, leaseMs, startHosts, type Hosts } from './hosts.ts'

/** By hand with LONGHAUL_LONG_FAULTS=1: the 30 seconds that an operator's failover may take. */
const readOnlyMs = process.env['LONGHAUL_LONG_FAULTS'] ? 30_000 : 3 * leaseMs

describe('PostgreSQL, under a service at work', () => {
  let postgres: TestPostgres
  let line: TcpProxy
  let folder: string
  let config: ConfigOptions
  let hosts: Hosts
  beforeAll(async () => {
    postgres = await startTestPostgres()
  })
  afterAll(() => postgres.stop())
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fault-'))
    const direct = await postgres.createDatabase()
    const { proxy, url } = await proxyFor(direct)
    line = proxy
    config = { dataDir: path.join(folder, 'data'), databaseUrl: direct }
    hosts = await startHosts([0, 1].map(() => ({ ...config, databaseUrl: url })))
  })
  afterEach(async () => {
    await hosts.stop()
    await line.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Submits all the while; answers the tag of each job by its id. */
  async function whileWorking(fault: () => Promise<void>): Promise<Map<string, string>> {
    const tags = new Map<string, string>()
    let broken = true
    const submitting = (async () => {
      for (let n = 0; broken || n < 12; n++) {
        const tag = `t${n}`
        tags.set(await hosts.submit('write', { tag, ms: 150 }), tag)
        await pause(60)
      }
    })()
    await pause(500)
    await fault().finally(() => (broken = false))
    await submitting
    return tags
  }

  it.each(['fast', 'immediate'] as const)(
    'restarted (%s): every job completes once',
    async (how) => {
      const tags = await whileWorking(() => postgres.restart(how))
      const jobs = await hosts.ended([...tags.keys()])
      expect(jobs.map(({ failures }) => failures)).toEqual(jobs.map(() => 0))
      await expectDoneOnce(config, tags)
    },
  )

  it('with its connections cut again and again: every job completes once', async () => {
    const tags = await whileWorking(async () => {
      for (let n = 0; n < 10; n++) {
        line.cut()
        await pause(150)
      }
    })
    const jobs = await hosts.ended([...tags.keys()])
    expect(jobs.map(({ failures }) => failures)).toEqual(jobs.map(() => 0))
    await expectDoneOnce(config, tags)
  })

  it('that does not answer for two leases: every job completes once', async () => {
    const tags = await whileWorking(async () => {
      line.block('stall')
      await pause(2 * leaseMs)
      line.heal()
    })
    const jobs = await hosts.ended([...tags.keys()])
    expect(jobs.map(({ failures }) => failures)).toEqual(jobs.map(() => 0))
    await expectDoneOnce(config, tags)
  })

  it('read-only for some leases: refuses work, still tells, and every job completes uncounted', async () => {
    const before = await hosts.submit('write', { tag: 'before' })
    await hosts.ended([before])
    const running = await hosts.submit('write', { tag: 'running', ms: 1500 })
    const tags = await whileWorking(async () => {
      const writable = await makeReadOnly(postgres.url)
      const [server] = hosts.servers
      const refused = await fetch(`${server?.url}/processors/write/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input":{"tag":"refused"}}',
      })
      expect(refused.status).toBe(503)
      expect(refused.headers.has('retry-after')).toBe(true)
      expect((await hosts.job(before)).status).toBe('completed')
      await pause(readOnlyMs)
      await writable()
    })
    tags.set(running, 'running').set(before, 'before')
    const jobs = await hosts.ended([...tags.keys()])
    expect(jobs.map(({ failures, lost }) => ({ failures, lost }))).toEqual(
      jobs.map(() => ({ failures: 0, lost: 0 })),
    )
    await expectDoneOnce(config, tags)
  })
})
