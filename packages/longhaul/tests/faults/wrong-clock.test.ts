import { readiness } from '@longhaul/protocol'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigOptions } from '../../src/app/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/servers/postgres.ts'
import { startTestSwift } from '../../src/testing/servers/swift.ts'
import { expectDoneOnce, openDirectly, startHosts, type Hosts } from './hosts.ts'

const hourMs = 3_600_000
const shift = pathToFileURL(path.join(import.meta.dirname, '../fixtures/shifted-clock.ts')).href
const clock = (ms: number) => ({
  NODE_OPTIONS: `--import=${shift}`,
  TEST_CLOCK_SHIFT_MS: String(ms),
})

const swift = await startTestSwift()

describe('workers whose clocks are wrong by an hour', () => {
  let postgres: TestPostgres
  let folder: string
  let config: ConfigOptions
  let hosts: Hosts
  beforeEach(async () => {
    postgres = await startTestPostgres()
    folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fault-'))
    config = {
      databaseUrl: await postgres.createDatabase(),
      dataDir: path.join(folder, 'data'),
      // Much shorter than an hour, and long enough for a busy machine.
      leaseMs: 10_000,
      ...(swift && { s3: swift.s3, bucket: await swift.newBucket() }),
    }
    hosts = await startHosts([config, config, config], [clock(0), clock(hourMs), clock(-hourMs)])
  })
  afterEach(async () => {
    await hosts.stop()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })
  afterAll(() => swift?.stop())

  it('lose no lease, complete every job once, and write down the database’s time', async () => {
    const tags = new Map<string, string>()
    for (let n = 0; n < 18; n++)
      tags.set(await hosts.submit('write', { tag: `t${n}`, ms: 300 }, n % 3), `t${n}`)
    const jobs = await hosts.ended([...tags.keys()])
    expect(jobs.map(({ failures, lost, attempt }) => ({ failures, lost, attempt }))).toEqual(
      jobs.map(() => ({ failures: 0, lost: 0, attempt: 1 })),
    )
    await expectDoneOnce(config, tags)
    const { engine, database } = await openDirectly(config)
    const rows = await engine.get([...tags.keys()], 'everyone')
    await database.close()
    // All three had work, and nobody's hour shows anywhere.
    const times = rows.flatMap(({ createdAt, startedAt, completedAt }) => [
      createdAt,
      startedAt ?? NaN,
      completedAt ?? NaN,
    ])
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(hourMs / 4)
    for (const { createdAt, startedAt = NaN, completedAt = NaN } of rows)
      expect(createdAt <= startedAt && startedAt <= completedAt).toBe(true)
  })

  it('say so: they are not ready until somebody sets the clock', async () => {
    const ready = await Promise.all(
      hosts.servers.map(async ({ url }) => {
        const answer = await fetch(`${url}/health/ready`)
        return readiness.parse(await answer.json())
      }),
    )
    // The first may have other reasons not to be ready: a store that is slow under everybody's work.
    expect(ready.map(({ checks }) => checks['clock']?.ok)).toEqual([true, false, false])
    for (const { status, checks } of ready.slice(1)) {
      expect(status).toBe('not-ready')
      expect(checks['clock']?.detail).toMatch(/clock is 3[56]\d\d s/)
    }
  })
})
