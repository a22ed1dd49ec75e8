import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import type { Services } from '../app/services.ts'
import { checkClock, checkSchema, createHealthChecks } from './health-checks.ts'

const minute = 60_000

it('minds a clock that is more than a minute off, either way, and says which', () => {
  expect(checkClock({ database: 0, here: minute })).toEqual({ ok: true })
  expect(checkClock({ database: minute, here: 0 })).toEqual({ ok: true })
  expect(checkClock({ database: 0, here: 90 * minute }).detail).toContain('5400 s ahead')
  expect(checkClock({ database: 2 * minute, here: 0 }).detail).toContain('120 s behind')
})

it('goes on beside a newer version, and not with an older copy of the database', () => {
  expect(checkSchema(5, 4)).toMatchObject({ ok: true, detail: expect.stringContaining('upgraded') })
  expect(checkSchema(4, 4)).toEqual({ ok: true })
  expect(checkSchema(3, 4).ok).toBe(false)
  expect(checkSchema(0, 0).ok).toBe(false)
})

const services = (more: object): Services =>
  ({
    config: { dataDir: tmpdir(), diskFloorBytes: 0 },
    engine: { now: async () => Date.now(), queues: async () => [] },
    database: { read: async () => [{ no: 99 }] },
    storage: { list: async () => ({ objects: [] }), freeBytes: async () => undefined },
    runners: new Map(),
    broken: [],
    ...more,
  }) as unknown as Services
async function away(): Promise<never> {
  throw new Error('away')
}

it('is ready when everything answers', async () => {
  const checks = await createHealthChecks(services({}))()
  expect(Object.keys(checks)).toEqual(
    expect.arrayContaining(['database', 'store', 'disk', 'clock', 'migrations', 'processors']),
  )
  expect(Object.values(checks).every(({ ok }) => ok)).toBe(true)
})

const failures: readonly [string, object, RegExp][] = [
  ['database', { engine: { now: away } }, /DATABASE_URL/],
  ['store', { storage: { list: away, freeBytes: away } }, /S3_ENDPOINT_URL/],
  ['disk', { config: { dataDir: tmpdir(), diskFloorBytes: 2 ** 62 } }, /LONGHAUL_DISK_FLOOR_MB/],
  ['clock', { engine: { now: async () => 0, queues: async () => [] } }, /NTP/],
  ['migrations', { database: { read: away } }, /doctor/],
]
it.each(failures)(
  '[A.8.11] a failing %s is named, with what to do, and nothing else fails',
  async (name, more, remedy) => {
    const checks = await createHealthChecks(services(more))()
    const wrong = Object.entries(checks).filter(([, { ok }]) => !ok)
    expect(wrong.map(([key]) => key)).toEqual([name])
    expect(wrong[0]?.[1].detail).toMatch(remedy)
  },
)
