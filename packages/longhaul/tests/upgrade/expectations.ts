import path from 'node:path'
import { expect } from 'vitest'
import { createApp, type ConfigOptions } from '../../src/app/index.ts'
import type { Database } from '../../src/database/database.ts'
import type { JobEngine } from '../../src/jobs/engine.ts'
import { isTerminal } from '../../src/jobs/job.ts'
import { createKeys } from '../../src/keys/index.ts'
import { until } from '../harness/until.ts'
import { oldJobs, oldKey } from './old-data.ts'

const allIds = Object.values(oldJobs).flat()
const processors = path.join(import.meta.dirname, '../fixtures/upgrade-processors.ts')

/** Nothing that the old version wrote is lost, hidden or miscounted by the schema of today. */
export async function expectEverythingReadable(engine: JobEngine, database: Database) {
  for (const [state, ids] of Object.entries(oldJobs)) {
    const jobs = await engine.get(ids, 'everyone')
    expect(jobs.map((job) => [job.id, job.state])).toEqual(ids.map((id) => [id, state]))
    const filter = { scope: 'everyone', states: [state] } as never
    const page = await engine.list(filter, { limit: 50 })
    expect(page.jobs.map((job) => job.id).sort()).toEqual([...ids].sort())
    expect(page.total).toBe(ids.length)
  }
  const everything = await engine.list({ scope: 'everyone' }, { limit: 50 })
  expect(everything.total).toBe(allIds.length)
  expect(await engine.recount()).toEqual([])

  const [completed, failed, running] = await engine.get(
    ['completed', 'failed', 'running'],
    'everyone',
  )
  expect(completed).toMatchObject({
    owner: 'ana',
    priority: 1,
    idempotencyKey: 'once',
    params: { input: { text: 'completed' } },
    result: { value: { text: 'DONE' }, outputs: [{ name: 'a.txt', size: 4 }] },
    progress: { stage: 'shouting', percent: 50, done: 1, total: 2 },
    attempt: 1,
  })
  expect(failed?.problem).toMatchObject({ code: 'transient' })
  expect(running).toMatchObject({ worker: 'w-old', attempt: 1 })
  expect(completed?.createdAt).toBeGreaterThan(Date.UTC(2026, 0))

  const events = await engine.read('completed', 0, 50)
  expect(events.map(({ no, type }) => `${no} ${type}`)).toEqual([
    '1 queued',
    '2 started',
    '3 message',
    '4 output',
    '5 completed',
  ])
  expect(events[2]?.data).toEqual({ text: 'half way' })
  for (const id of allIds) {
    const [job] = await engine.get([id], 'everyone')
    const ofJob = await engine.read(id, 0, 50)
    expect(ofJob.at(-1)?.no, id).toBe(job?.eventNo)
    // Nothing was recorded then; what is told now must still fit together, from the creation to the first start.
    let at: number | undefined = job?.createdAt
    for (const { from, to } of (await engine.waits(id, 'everyone')) ?? []) {
      expect(from, id).toBe(at)
      at = to
    }
    if (job?.startedAt !== undefined) expect(at, id).toBe(job.startedAt)
  }

  const queues = await engine.queues()
  expect(queues.find(({ queue }) => queue === 'held')?.paused).toBe(true)
  expect(queues.find(({ queue }) => queue === 'shout')).toMatchObject({
    maxRunning: 4,
    ratePerMinute: 6000,
    running: 3,
    retryWait: 1,
  })
  const keys = createKeys(database)
  expect((await keys.list()).map(({ owner }) => owner).sort()).toEqual(['ana', 'bob'])
  expect(await keys.verify(oldKey)).toMatchObject({ owner: 'ana', scopes: ['submit'] })
}

/** A service of today on it ends what the old one had accepted, once each. */
export async function expectServiceEndsItsWork(config: ConfigOptions) {
  await using app = await createApp({
    sources: [{ kind: 'file', path: processors }],
    config: { leaseMs: 1000, logLevel: 'silent', ...config },
  })
  const { engine } = app.services
  const authorization = `Bearer ${oldKey}`
  const stateOf = async (id: string) => (await engine.get([id], 'everyone'))[0]?.state
  const waiting = new Set<string>(allIds.filter((id) => id !== 'queued-in-a-paused-queue'))
  await until('the end of what was accepted', async () => {
    for (const id of waiting) {
      const state = await stateOf(id)
      if (state !== undefined && isTerminal(state)) waiting.delete(id)
    }
    return waiting.size === 0
  })
  expect(await stateOf('queued-in-a-paused-queue')).toBe('queued')
  await engine.setQueue('held', { paused: false })
  await until('the paused queue', async () => {
    return (await stateOf('queued-in-a-paused-queue')) === 'completed'
  })

  expect(await stateOf('failed')).toBe('failed')
  expect(await stateOf('cancelled')).toBe('cancelled')
  expect(await stateOf('running-cancel-requested')).toBe('cancelled')
  for (const id of [...oldJobs.queued, 'retry-wait', 'running', 'publishing', 'completed']) {
    expect(await stateOf(id), id).toBe('completed')
    const ends = (await engine.read(id, 0, 100)).filter(({ type }) => type === 'completed')
    expect(ends, id).toHaveLength(1)
  }
  expect(await engine.recount()).toEqual([])

  const [batch] = await engine.get(['batch-of-ingest'], 'everyone')
  expect(batch?.result?.value).toEqual({ bytes: 6 })
  for (const [id, name, text] of [
    ['publishing', 'text.txt', 'PUBLISHED'],
    ['completed', 'a.txt', 'DONE'],
  ]) {
    const url = `/jobs/${id}/outputs/${name}`
    const answer = await app.inject({ url, headers: { authorization } })
    expect([answer.statusCode, answer.body]).toEqual([200, text])
  }
  const list = await app.inject({ url: '/jobs', headers: { authorization } })
  expect(list.statusCode).toBe(200)
}
