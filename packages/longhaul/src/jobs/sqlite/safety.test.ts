import { afterEach, describe, expect, it } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqlite, type SqliteDatabase, type SqlValue } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'
import { onFaultPoint } from '../../support/fault-point.ts'
import {
  claimUpTo,
  completed,
  jobOf,
  leaseOf,
  manifestOf,
  newJob,
  publishing,
  running,
  settleOne,
  stateOf,
  submitted,
  sweptAway,
  typesOf,
  worker,
} from '../engine-conformance/harness.ts'
import { sqliteEngine, type SqliteEngineOptions } from './index.ts'

const opened: { folder: string; database: SqliteDatabase }[] = []
afterEach(async () => {
  onFaultPoint(undefined)
  for (const { folder, database } of opened.splice(0)) {
    await database.close()
    rmSync(folder, { recursive: true })
  }
})
async function open(options: SqliteEngineOptions, statements = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-safety-'))
  const database = await openSqlite({ path: path.join(folder, 'x.db'), statements })
  opened.push({ folder, database })
  return { database, engine: sqliteEngine(database, options) }
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

  it('without the fence a zombie publishes what another attempt is still making', async () => {
    const { engine } = await open({ leaseMs: 20, unsafe: { noFence: true } })
    const { id, lease } = await running(engine)
    await sweptAway(engine, id)
    expect(await settleOne(engine, lease, publishing)).toBe('settled')
    expect((await claimUpTo(engine, 1))[0]?.resume).toBe('publish')
  })

  it('without the roll-forward a recorded publication is forgotten', async () => {
    const { engine } = await open({ leaseMs: 20, unsafe: { noRollForward: true } })
    const { id, lease } = await running(engine)
    await settleOne(engine, lease, publishing)
    expect((await sweptAway(engine, id)).publishing).toEqual([])
    expect((await claimUpTo(engine, 1))[0]?.resume).toBe('run')
  })

  it('a lane that miscounts is found', async () => {
    const { engine, database } = await open({})
    await submitted(engine, newJob())
    expect(await engine.recount()).toEqual([])
    await database.transact((connection) => connection.run('UPDATE lane SET queued = queued + 1'))
    expect(await engine.recount()).toContainEqual({ queue: 'q', owner: 'ann' })
  })
})

describe('a database that could not be written', () => {
  it('blames no worker until one lease after it is back', async () => {
    const { engine } = await open({ leaseMs: 300 })
    const { id, lease } = await running(engine)
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') throw new LonghaulError('unavailable', 'disk gone')
    })
    const { leaseExpiresAt = 0 } = await jobOf(engine, id)
    while (Date.now() <= leaseExpiresAt)
      await expect(engine.touch(worker, [{ lease }])).rejects.toThrow('disk gone')
    onFaultPoint(undefined)
    expect((await engine.sweep()).requeued).toEqual([])
    expect((await engine.touch(worker, [{ lease }]))[0]?.verdict).toBe('held')
    // A worker that does not come back is found all the same.
    expect((await sweptAway(engine, id)).requeued).toEqual([id])
  })
})

describe('a clock that steps back during a sweep', () => {
  it('neither keeps the sweep for ever nor what is due', { timeout: 10_000 }, async () => {
    const { engine, database } = await open({})
    const [id = ''] = await submitted(engine, newJob({ delayMs: 60_000, expiresInMs: 60_000 }))
    // The sweep looks at its clock before it begins; by its transactions the clock is two minutes back.
    const { reader } = database
    const ahead = Object.create(reader, {
      get: {
        value: (text: string, ...params: SqlValue[]) => {
          const row = reader.get<{ now?: number }>(text, ...params)
          return row?.now === undefined ? row : { now: row.now + 120_000 }
        },
      },
      all: { value: reader.all.bind(reader) },
    }) as typeof reader
    const stepped = sqliteEngine(
      Object.create(database, { reader: { value: ahead } }) as typeof database,
    )
    expect((await stepped.sweep()).failed).toEqual([id])
  })
})

describe('a worker that asks in vain', () => {
  it('writes nothing, whatever it is that keeps the jobs', async () => {
    const { engine } = await open({})
    await submitted(engine, newJob(), newJob())
    let commits = 0
    onFaultPoint((point) => {
      if (point === 'engine.before-commit') commits += 1
    })
    const limits = [
      { paused: true },
      { maxRunning: 0 },
      { ratePerMinute: 1e-9 },
      { owner: 'ann', maxRunning: 0 },
    ]
    for (const limit of limits) {
      await engine.setQueue('q', limit)
      commits = 0
      expect(await claimUpTo(engine, 2)).toEqual([])
      expect({ limit, commits }).toEqual({ limit, commits: 0 })
      await engine.setQueue('q', { paused: false, maxRunning: null, ratePerMinute: null })
    }
    await engine.setQueue('q', { owner: 'ann', maxRunning: null })
    expect(await claimUpTo(engine, 2)).toHaveLength(2)
  })
})

describe('checkpoints', () => {
  it('are kept twice, and a new start forgets them', async () => {
    const { engine, database } = await open({})
    const kept = () => database.reader.all<{ no: number }>('SELECT no FROM job_checkpoint')
    const { id, lease } = await running(engine)
    for (const step of [1, 2, 3]) await engine.checkpoint(lease, manifestOf(step))
    expect(kept().map(({ no }) => no)).toEqual([2, 3])
    await settleOne(engine, lease, completed)
    await engine.retry([id], 'start')
    expect(kept()).toEqual([])
  })
})

describe('what commits together', () => {
  const statements = {
    'note.add': { sqlite: 'INSERT INTO migration (no, name, applied_at) VALUES (?, ?, 0)' },
    'note.count': { sqlite: 'SELECT count(*) AS n FROM migration WHERE no > 900' },
  }
  const note = (no: number) => [{ statement: 'note.add', params: [no, 'note'] }]
  const notes = async (database: SqliteDatabase) =>
    (await database.read<{ n: number }>('note.count', []))[0]?.n

  it('a submit and its writes, or neither', async () => {
    const { engine, database } = await open({}, statements)
    const job = newJob({ idempotency: { key: 'k', hash: 'h' } })
    await engine.submit([job], note(901))
    expect(await notes(database)).toBe(1)
    const other = newJob()
    await expect(engine.submit([other], note(901))).rejects.toThrow('UNIQUE')
    expect(await engine.get([other.id], 'everyone')).toEqual([])
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
    await expect(settleWith(lease.nonce, 903)).rejects.toThrow('UNIQUE')
    expect(await stateOf(engine, id)).toBe('running')
    expect(await settleWith(lease.nonce, 904)).toEqual(['settled'])
    expect(await notes(database)).toBe(2)
  })
})
