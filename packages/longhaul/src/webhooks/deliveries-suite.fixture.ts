import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../database/database.ts'
import { LonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { completed, leaseOf, newJob, worker } from '../jobs/engine-conformance/harness.ts'
import type { Outbound, OutboundRequest } from '../outbound/index.ts'
import { Activity } from '../support/activity.ts'
import { createCallbackKeys } from './callback-keys.ts'
import type { CallbackRow, TryRow } from './callback-statements.ts'
import { startDeliveries } from './deliveries.ts'

export interface CallbacksUnderTest {
  readonly database: Database
  readonly engine: JobEngine
  stop(): Promise<void>
}

/** A receiver that does what the test says, without a network. */
function receiver(answer: (request: OutboundRequest, n: number) => Promise<number> | number) {
  const requests: OutboundRequest[] = []
  const outbound: Outbound = {
    check: (url) => new URL(url),
    async send(request) {
      requests.push(request)
      const status = await answer(request, requests.length)
      return { status, headers: {}, url: request.url, body: (async function* () {})(), close() {} }
    },
  }
  return { requests, outbound }
}
async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await new Promise((done) => setTimeout(done, 5))
}

/** What is promised of callbacks on every database. */
export function deliveriesSuite(name: string, open: () => Promise<CallbacksUnderTest>): void {
  let test: CallbacksUnderTest
  let database: Database
  let engine: JobEngine
  beforeEach(async () => {
    test = await open()
    ;({ database, engine } = test)
  })
  afterEach(() => test.stop())

  const start = (outbound: Outbound, maxTries = 3) =>
    startDeliveries({
      ...{ database, engine, outbound, maxTries, pollMs: 10, userAgent: 'test' },
      activity: new Activity({ calmRestMs: 10 }),
      batchBody: async () => '',
      keys: createCallbackKeys(database, []),
      log: pino({ level: 'silent' }),
    })
  async function endJobs(count: number, url: (n: number) => string): Promise<string[]> {
    const jobs = Array.from({ length: count }, (_, n) =>
      newJob({ params: { input: {}, callbackUrl: url(n) } }),
    )
    await engine.submit(jobs)
    const claims = await engine.claim(worker, [{ queue: 'q', slots: count }])
    await engine.settle(claims.map((claim) => ({ lease: leaseOf(claim), outcome: completed })))
    return jobs.map(({ id }) => id)
  }
  const rows = (): Promise<readonly CallbackRow[]> =>
    database.read<CallbackRow>('callback.list', ['', Number.MAX_SAFE_INTEGER, 1000])
  const triesOf = async (): Promise<readonly TryRow[]> =>
    database.read<TryRow>('callback.tries', [JSON.stringify((await rows()).map(({ id }) => id))])
  const allDelivered = async () => (await rows()).every((row) => row.delivered_at !== null)

  describe(`callbacks on ${name}`, () => {
    it('are sent once each, signed, with the same id for the same end', async () => {
      const ids = await endJobs(30, (n) => `https://h${n % 3}.example.org/`)
      const { requests, outbound } = receiver(() => 200)
      const deliveries = start(outbound)
      await until(allDelivered)
      await deliveries.stop()
      const told = requests.map(({ headers }) => headers?.['webhook-id'])
      expect(told.sort()).toEqual(ids.map((id) => `${id}.3`).sort())
    })

    it('are sent once by several processes together', async () => {
      await endJobs(60, (n) => `https://h${n % 20}.example.org/`)
      const { requests, outbound } = receiver(() => 200)
      const several = [start(outbound), start(outbound), start(outbound)]
      await until(allDelivered)
      for (const one of several) await one.stop()
      expect(new Set(requests.map(({ headers }) => headers?.['webhook-id'])).size).toBe(60)
      expect(requests).toHaveLength(60)
    })

    it('do not wait for those of a receiver that never answers', async () => {
      await endJobs(40, () => 'https://slow.example.org/')
      await endJobs(3, () => 'https://quick.example.org/')
      const { requests, outbound } = receiver(({ url, signal }) => {
        if (url.includes('quick')) return 200
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error))
        })
      })
      const deliveries = start(outbound)
      await until(
        async () => (await rows()).filter((row) => row.delivered_at !== null).length === 3,
      )
      expect(requests.filter(({ url }) => url.includes('slow')).length).toBeLessThanOrEqual(4)
      await deliveries.stop()
      // Given back uncounted: the next process may send them at once.
      for (const { lease, tries, delivered_at } of await rows())
        expect([lease, tries]).toEqual([null, delivered_at === null ? 0 : 1])
    })

    it('are sent again with the same bytes until they are taken, and each try is on record', async () => {
      const [id] = await endJobs(1, () => 'https://h.example.org/')
      const { requests, outbound } = receiver((_request, n) => (n < 3 ? 503 : 201))
      const soon: Outbound = {
        ...outbound,
        async send(request) {
          return { ...(await outbound.send(request)), headers: { 'retry-after': '0' } }
        },
      }
      const deliveries = start(soon)
      await until(allDelivered)
      await deliveries.stop()
      expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
      expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
        job_id: id,
        type: 'job.completed',
      })
      expect((await triesOf()).map(({ status, error }) => [status, error])).toEqual([
        [503, 'It answered 503.'],
        [503, 'It answered 503.'],
        [201, null],
      ])
    })

    it('are given up after so many tries, at once where sending is refused, and come back when asked', async () => {
      await endJobs(1, () => 'https://h.example.org/')
      let refuse = true
      const { requests, outbound } = receiver(() => {
        if (refuse) throw new LonghaulError('outbound-refused', 'Not allowed: no.')
        return 200
      })
      const deliveries = start(outbound)
      await until(async () => (await rows())[0]?.dead_at !== null)
      expect(requests).toHaveLength(1)
      expect((await triesOf())[0]).toMatchObject({ status: null, error: 'Not allowed: no.' })
      refuse = false
      const [row] = await rows()
      await database.write([
        { statement: 'callback.revive', params: [row?.id ?? 0], expectRows: 1 },
      ])
      await until(allDelivered)
      await deliveries.stop()
    })

    it('that a dead process had begun are sent by another one, when its lease is over', async () => {
      await endJobs(1, () => 'https://h.example.org/')
      const [row] = await rows()
      const dead = ['its lease', 300, '{}', row?.id ?? 0, 0]
      await database.write([{ statement: 'callback.claim', params: dead, expectRows: 1 }])
      const { requests, outbound } = receiver(() => 200)
      const deliveries = start(outbound)
      await until(allDelivered)
      await deliveries.stop()
      expect(requests.map(({ body }) => body)).toEqual(['{}'])
      // Back from the dead, it changes nothing.
      const late = { statement: 'callback.dead', params: [row?.id ?? 0, 'its lease'] }
      await database.write([late])
      expect((await rows())[0]?.dead_at).toBeNull()
    })

    it('of an end that a retry has undone are not sent; the next end is told', async () => {
      const [id = ''] = await endJobs(1, () => 'https://h.example.org/')
      await engine.retry([id], 'start')
      const claims = await engine.claim(worker, [{ queue: 'q', slots: 1 }])
      await engine.settle(claims.map((claim) => ({ lease: leaseOf(claim), outcome: completed })))
      const { requests, outbound } = receiver(() => 200)
      const deliveries = start(outbound)
      await until(async () =>
        (await rows()).every((row) => row.delivered_at !== null || row.dead_at !== null),
      )
      await deliveries.stop()
      const [job] = await engine.get([id], 'everyone')
      expect(requests.map(({ headers }) => headers?.['webhook-id'])).toEqual([
        `${id}.${job?.eventNo}`,
      ])
      expect((await triesOf())[0]?.error).toContain('retried')
    })

    it('go with their job', async () => {
      const ids = await endJobs(2, () => 'https://h.example.org/')
      await engine.remove(ids)
      expect(await rows()).toEqual([])
    })
  })
}
