import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../database/index.ts'
import { sqliteEngine } from '../jobs/sqlite/index.ts'
import { Activity } from '../support/activity.ts'
import { batchStatements } from './batch-statements.ts'
import type { BatchRow } from './batch.ts'
import { cancelBatch } from './cancel-batch.ts'
import { feedBatch, startFeedingBatches } from './feed-batches.ts'

let folder: string
const opened: SqliteDatabase[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-batches-'))
})
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
  rmSync(folder, { recursive: true })
})

/** One process's view of the data; several may look at the same. */
async function open(options: Parameters<typeof sqliteEngine>[1] = {}) {
  const file = path.join(folder, 'longhaul.db')
  const database = await openSqlite({ path: file, statements: batchStatements })
  opened.push(database)
  return { database, engine: sqliteEngine(database, options) }
}
async function batchOf(database: SqliteDatabase, total: number): Promise<BatchRow> {
  const job = JSON.stringify({ queue: 'q', version: '1' })
  const items = Array.from({ length: total }, (_, n) => ({
    item: n + 1,
    name: `n${n + 1}`,
    input: JSON.stringify({ n: n + 1, text: 'a "quoted" \\ text' }),
  }))
  await database.write([
    { statement: 'batch.insert', params: ['b', 'ana', 'p', job, '{}', null, null] },
    { statement: 'batch.add-items', params: ['b', JSON.stringify(items)] },
    { statement: 'batch.open', params: [total, null, null, 'b'], expectRows: 1 },
  ])
  return row(database)
}
const row = async (database: SqliteDatabase): Promise<BatchRow> =>
  (await database.read<BatchRow>('batch.get', ['b']))[0]!
const itemsOf = async (database: SqliteDatabase) =>
  (await database.read<{ batch_item: number }>('batch.items', ['b', 0, 10_000])).map(
    ({ batch_item }) => batch_item,
  )
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

describe('feedBatch', () => {
  it('makes each item one job, with its input as it was', async () => {
    const parts = await open()
    await feedBatch(parts, await batchOf(parts.database, 3))
    expect(await itemsOf(parts.database)).toEqual([1, 2, 3])
    const { jobs } = await parts.engine.list({ scope: 'everyone' }, { limit: 10 })
    expect(jobs[0]).toMatchObject({
      ...{ processor: 'p', owner: 'ana', queue: 'q', kind: 'processor' },
      batch: { id: 'b', item: 3 },
      params: { input: { n: 3, text: 'a "quoted" \\ text' }, item: { name: 'n3' } },
    })
    expect(await parts.database.read('batch.pending', ['b', 0, 10])).toEqual([])
    expect(await parts.engine.recount()).toEqual([])
  })

  it('makes no job twice where two processes feed the same batch', async () => {
    const [one, other] = [await open(), await open()]
    const batch = await batchOf(one.database, 950)
    await Promise.all([feedBatch(one, batch), feedBatch(other, batch)])
    for (let turn = 0; (await row(one.database)).fed < 950 && turn < 20; turn++)
      await feedBatch(one, await row(one.database))
    expect(await itemsOf(one.database)).toEqual(upTo(950))
  })

  it('keeps a thousand in the queue, and fills up once a tenth has ended', async () => {
    const parts = await open()
    const { database, engine } = parts
    await feedBatch(parts, await batchOf(database, 1500))
    expect(await itemsOf(database)).toEqual(upTo(1000))
    const end = async (first: number, count: number) => {
      const rows = await database.read<{ id: string }>('batch.items', ['b', first, count])
      await engine.requestCancel(
        rows.map(({ id }) => id),
        { scope: 'everyone' },
      )
    }
    await end(0, 99)
    await feedBatch(parts, await row(database))
    expect((await row(database)).fed).toBe(1000)
    await end(99, 1)
    await feedBatch(parts, await row(database))
    expect((await row(database)).fed).toBe(1100)
  })

  it('waits where the owner has as many queued as may be', async () => {
    const parts = await open({ maxQueuedPerOwner: 150 })
    await feedBatch(parts, await batchOf(parts.database, 400))
    expect((await row(parts.database)).fed).toBe(100)
  })

  it('feeds nothing after a cancel, whoever had looked before it', async () => {
    const parts = await open()
    const batch = await batchOf(parts.database, 10)
    await cancelBatch(parts, batch)
    await feedBatch(parts, batch)
    expect(await itemsOf(parts.database)).toEqual([])
  })
})

describe('startFeedingBatches', () => {
  it('goes on with a cancel that a process did not live to end', async () => {
    const parts = await open()
    await feedBatch(parts, await batchOf(parts.database, 3))
    // What `cancelBatch` does first.
    await parts.database.write([{ statement: 'batch.cancel', params: ['b'] }])
    const log = { error: (): void => {}, info: (): void => {} }
    const activity = new Activity()
    const removeJobs = async () => {}
    const feeding = startFeedingBatches({
      ...{ ...parts, log, activity, removeJobs },
      retentionMs: undefined,
    })
    try {
      await expect.poll(async () => (await parts.database.read('batch.to-tend', [])).length).toBe(0)
      const { jobs } = await parts.engine.list({ scope: 'everyone' }, { limit: 10 })
      expect(jobs.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    } finally {
      await feeding.stop()
    }
  })
})
