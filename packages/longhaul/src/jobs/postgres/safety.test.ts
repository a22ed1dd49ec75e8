import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres, type PostgresDatabase } from '../../database/postgres/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import { onFaultPoint } from '../../support/fault-point.ts'
import { startTestPostgres, type TestPostgres } from '../../testing/servers/postgres.ts'
import type { EngineOptions } from '../engine-options.ts'
import {
  claimUpTo,
  completed,
  jobOf,
  leaseOf,
  newJob,
  publishing,
  running,
  settleOne,
  stateOf,
  submitted,
  sweptAway,
  typesOf,
  worker,
  workerNamed,
} from '../engine-conformance/harness.ts'
import { postgresEngine } from './index.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())
const opened: PostgresDatabase[] = []
afterEach(async () => {
  onFaultPoint(undefined)
  for (const database of opened.splice(0)) await database.close()
})
async function open(options: EngineOptions, statements = {}, url?: string) {
  const at = url ?? (await server.createDatabase())
  const database = await openPostgres({ url: at, statements })
  opened.push(database)
  return { database, engine: postgresEngine(database, options), url: at }
}

describe('what torture must notice', () => {
  it('without the fence a zombie ends a job a second time', async () => {
    const { engine } = await open({ leaseMs: 20, unsafe: { noFence: true } })
    const { id, lease } = await running(engine)
    await sweptAway(engine, id)
    await settleOne(engine, leaseOf((await claimUpTo(engine, 1))[0]), completed)
    expect(await settleOne(engine, lease, completed)).toBe('settled')
    const ends = (await typesOf(engine, id)).filter((type) => type === 'completed')
    expect(ends).toHaveLength(2)
  })

  it('without the roll-forward a recorded publication is forgotten', async () => {
    const { engine } = await open({ leaseMs: 20, unsafe: { noRollForward: true } })
    const { id, lease } = await running(engine)
    await settleOne(engine, lease, publishing)
    expect((await sweptAway(engine, id)).publishing).toEqual([])
    expect((await claimUpTo(engine, 1))[0]?.resume).toBe('run')
  })

  it('without the lock of its queue a job is claimed more than once; with it, never', async () => {
    for (const noQueueLock of [false, true]) {
      const { engine, url } = await open({ unsafe: { noQueueLock } })
      const { database } = await open({}, {}, url)
      // The counters' own constraints would end the trap before it could be counted.
      for (const check of [
        'lane DROP CONSTRAINT lane_ready_check',
        'lane DROP CONSTRAINT lane_queued_check',
      ])
        await database.query(`ALTER TABLE ${check}`)
      await database.query('ALTER TABLE queue_state DROP CONSTRAINT queue_state_queued_check')
      const others = await Promise.all(
        [1, 2, 3].map(() => open({ unsafe: { noQueueLock } }, {}, url)),
      )
      let twice = 0
      for (let round = 0; round < 40 && twice === 0; round += 1) {
        await submitted(engine, ...Array.from({ length: 8 }, () => newJob()))
        const engines = [engine, ...others.map((other) => other.engine)]
        const claims = await Promise.allSettled(
          engines.map((one, n) => claimUpTo(one, 8, 'q', workerNamed(`w${n}`))),
        )
        const ids = claims.flatMap((claim) =>
          claim.status === 'fulfilled' ? claim.value.map(({ job }) => job.id) : ['collision'],
        )
        twice += ids.length - new Set(ids).size + Number(ids.includes('collision'))
      }
      if (noQueueLock) expect(twice).toBeGreaterThan(0)
      else expect(twice).toBe(0)
    }
  })

  it('a lane that miscounts is found, and mended', async () => {
    const { engine, database } = await open({})
    await submitted(engine, newJob())
    expect(await engine.recount()).toEqual([])
    await database.query('UPDATE lane SET queued = queued + 1')
    expect(await engine.recount()).toContainEqual({ queue: 'q', owner: 'ann' })
    await engine.recount({ mend: true })
    expect(await engine.recount()).toEqual([])
  })
})

describe('a database that was away', () => {
  it('blames no worker until one lease after it could be written again', async () => {
    const { engine } = await open({ leaseMs: 300 })
    const { id, lease } = await running(engine)
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') throw new LonghaulError('unavailable', 'disk gone')
    })
    const { leaseExpiresAt = 0 } = await jobOf(engine, id)
    while ((await engine.now()) <= leaseExpiresAt)
      await expect(engine.submit([newJob()])).rejects.toThrow('disk gone')
    onFaultPoint(undefined)
    expect((await engine.sweep()).requeued).toEqual([])
    expect((await engine.touch(worker, [{ lease }]))[0]?.verdict).toBe('held')
    // A worker that does not come back is found all the same.
    expect((await sweptAway(engine, id)).requeued).toEqual([id])
  })

  it('is known by its start, to an engine that was not there when it went', async () => {
    const url = await server.createDatabase()
    const { engine } = await open({ leaseMs: 3_000 }, {}, url)
    const { id, lease } = await running(engine)
    // So much later does the server's own lease end: time for the sweep between the two.
    await new Promise((done) => setTimeout(done, 2_000))
    await server.restart('immediate')
    const { engine: other } = await open({ leaseMs: 3_000 }, {}, url)
    const { leaseExpiresAt = 0 } = await jobOf(other, id)
    // As long as it lasted or a little less: the lease is over before the server has been up for one.
    const up = async () => (await other.now()) > leaseExpiresAt
    while (!(await up())) await new Promise((done) => setTimeout(done, 10))
    await other.sweep()
    expect(await stateOf(other, id)).toBe('running')
    expect((await other.touch(worker, [{ lease }]))[0]?.verdict).toBe('held')
    expect(await settleOne(engine, lease, completed)).toBe('settled')
  })

  it('costs no job and ends none twice when it crashes under load', async () => {
    const { engine } = await open({ leaseMs: 60_000 })
    const jobs = Array.from({ length: 60 }, () => newJob())
    await submitted(engine, ...jobs)
    const crash = server.restart('immediate')
    let settled = 0
    for (let left = true; left;) {
      const claims = await claimUpTo(engine, 3).catch(() => undefined)
      if (claims === undefined) continue
      for (const { lease } of claims)
        for (let told = false; !told;)
          told = await settleOne(engine, lease, completed).then(
            (answer) => {
              settled += Number(answer === 'settled')
              return true
            },
            () => false,
          )
      left = (await engine.list({ scope: 'everyone', states: ['queued'] }, { limit: 1 })).total > 0
    }
    await crash
    const states = await engine.get(
      jobs.map(({ id }) => id),
      'everyone',
    )
    // A claim whose answer was cut off is still leased, and nothing else is.
    for (const job of states) expect(['completed', 'running']).toContain(job.state)
    expect(states.filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(3)
    expect(settled).toBeLessThanOrEqual(60)
    for (const { id } of states)
      expect(
        (await typesOf(engine, id)).filter((type) => type === 'completed').length,
      ).toBeLessThan(2)
    expect(await engine.recount()).toEqual([])
  })
})

describe('what commits together', () => {
  const statements = {
    'note.add': {
      sqlite: '',
      postgres: 'INSERT INTO migration (no, name, applied_at) VALUES ($1, $2, 0)',
    },
    'note.count': { sqlite: '', postgres: 'SELECT count(*) AS n FROM migration WHERE no > 900' },
  }
  const note = (no: number) => [{ statement: 'note.add', params: [no, 'note'] }]
  const notes = async (database: PostgresDatabase) =>
    (await database.read<{ n: number }>('note.count', []))[0]?.n

  it('a submit and its writes, or neither; others in its group go through', async () => {
    const { engine, database } = await open({}, statements)
    const job = newJob({ idempotency: { key: 'k', hash: 'h' } })
    await engine.submit([job], note(901))
    expect(await notes(database)).toBe(1)
    const refused = newJob()
    const [failed, fine] = await Promise.allSettled([
      engine.submit([refused], note(901)),
      engine.submit([newJob()], note(902)),
    ])
    expect(failed).toMatchObject({ status: 'rejected' })
    expect(fine).toMatchObject({ status: 'fulfilled' })
    expect(await engine.get([refused.id], 'everyone')).toEqual([])
    expect(await notes(database)).toBe(2)
    // The first submit has written them; a repeated one must not trip over that.
    expect(await engine.submit([job], note(901))).toMatchObject([{ kind: 'existing' }])
  })

  it('a settle and its writes, or neither; a zombie writes nothing', async () => {
    const { engine, database } = await open({}, statements)
    const { id, lease } = await running(engine)
    const settleWith = (nonce: string, no: number) =>
      engine.settle([{ lease: { ...lease, nonce }, outcome: completed, also: note(no) }])
    expect(await settleWith('forged', 902)).toEqual(['lost'])
    expect(await notes(database)).toBe(0)
    await database.write(note(903))
    await expect(settleWith(lease.nonce, 903)).rejects.toThrow('duplicate key')
    expect(await stateOf(engine, id)).toBe('running')
    expect(await settleWith(lease.nonce, 904)).toEqual(['settled'])
    expect(await notes(database)).toBe(2)
  })
})
