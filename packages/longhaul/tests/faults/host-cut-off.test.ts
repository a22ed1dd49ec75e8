import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigOptions } from '../../src/app/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/servers/postgres.ts'
import { startTestSwift } from '../../src/testing/servers/swift.ts'
import { proxyFor, type TcpProxy } from '../../src/testing/servers/tcp-proxy.ts'
import { until } from '../harness/until.ts'
import { leaseMs, openDirectly, startHosts, type Hosts } from './hosts.ts'

const swift = await startTestSwift()
if (!swift)
  process.stderr.write('No S3 server is installed: hosts that are cut off are not tested.\n')

const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe.skipIf(!swift)('a host that is cut off from database and store', () => {
  let postgres: TestPostgres
  let folder: string
  /** Straight to the servers. */
  let direct: ConfigOptions
  /** Lines of the host that is cut off. */
  let lines: TcpProxy[]
  let lonely: Hosts
  let other: Hosts | undefined
  beforeEach(async () => {
    const { s3, newBucket } = swift as NonNullable<typeof swift>
    postgres = await startTestPostgres()
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fault-'))
    const databaseUrl = await postgres.createDatabase()
    direct = { databaseUrl, s3, bucket: await newBucket(), dataDir: path.join(folder, 'direct') }
    const database = await proxyFor(databaseUrl)
    const store = await proxyFor(s3.endpoint)
    lines = [database.proxy, store.proxy]
    const dataDir = path.join(folder, 'lonely')
    const endpoint = store.url.replace(/\/$/, '')
    lonely = await startHosts([
      { ...direct, dataDir, databaseUrl: database.url, s3: { ...s3, endpoint } },
    ])
  })
  afterEach(async () => {
    await Promise.all([lonely.stop(), other?.stop()])
    other = undefined
    await Promise.all(lines.map((line) => line.stop()))
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })
  afterAll(() => swift?.stop())

  /** A job that has begun on the lonely host, and given a file away; what lets it go on. */
  async function begun(): Promise<{ id: string; release: string; pid: number }> {
    const release = path.join(folder, 'go-on')
    const id = await lonely.submit('wait', { until: release })
    const said = await until('the job to be under way', async () => {
      const { progress } = await lonely.job(id)
      return progress?.message
    })
    return { id, release, pid: Number(said.replace('pid ', '')) }
  }
  const startOther = async (): Promise<Hosts> =>
    (other = await startHosts([{ ...direct, dataDir: path.join(folder, 'other') }]))

  async function expectSecondAttemptOnly(id: string): Promise<void> {
    const { engine, storage, database } = await openDirectly(direct)
    try {
      const [job] = await engine.get([id], 'everyone')
      expect(job).toMatchObject({ state: 'completed', attempt: 2, failures: 0 })
      expect((job?.result?.value as { attempt: number }).attempt).toBe(2)
      const events = await engine.read(id, 0, 1000)
      expect(events.filter(({ type }) => type === 'completed')).toHaveLength(1)
      const { body } = await storage.get(job?.result?.outputs[0]?.key ?? '')
      expect(Buffer.concat(await body.toArray()).toString()).toBe('by attempt 2')
      await until('nothing of the first attempt to be left', async () => {
        const open = []
        for await (const upload of storage.listUploads('results/')) open.push(upload.key)
        return open.length === 0
      })
      const { objects } = await storage.list(`results/${id}/`, { limit: 100 })
      const made = objects.filter(({ key }) => !key.endsWith('/provenance.json'))
      expect(made.map(({ key }) => key)).toEqual(job?.result?.outputs.map(({ key }) => key))
      expect(await engine.recount()).toEqual([])
    } finally {
      await database.close()
    }
  }

  it('comes back with a result after its lease has ended: it is refused, its outputs are collected', async () => {
    const { id, release } = await begun()
    await startOther()
    for (const line of lines) line.block('stall')
    // Before the host gives up by itself: it now has a result that it cannot hand in.
    await writeFile(release, '')
    await until(
      'the other host to do the job',
      async () => {
        const { status, attempt } = await (other as Hosts).job(id)
        return status === 'completed' && attempt === 2
      },
      90_000,
    )
    for (const line of lines) line.heal()
    // It works again: the next job may be its own.
    const next = await lonely.submit('write', { tag: 'next' })
    await lonely.ended([next])
    await expectSecondAttemptOnly(id)
  })

  it('kills what it runs before anyone else may take it', async () => {
    const { id, release, pid } = await begun()
    await startOther()
    expect(isAlive(pid)).toBe(true)
    for (const line of lines) line.block('stall')
    await until(
      'the second attempt',
      async () => (await (other as Hosts).job(id)).attempt === 2,
      90_000,
    )
    expect(isAlive(pid)).toBe(false)
    await writeFile(release, '')
    await (other as Hosts).ended([id])
    for (const line of lines) line.heal()
    await expectSecondAttemptOnly(id)
  })

  it('is refused by both for a while and then works on, nobody to blame', async () => {
    const { id, release } = await begun()
    for (const line of lines) line.block('refuse')
    await new Promise((done) => setTimeout(done, 2 * leaseMs))
    for (const line of lines) line.heal()
    await writeFile(release, '')
    const [job] = await lonely.ended([id])
    expect(job).toMatchObject({ status: 'completed', failures: 0, lost: 0 })
  })
})
