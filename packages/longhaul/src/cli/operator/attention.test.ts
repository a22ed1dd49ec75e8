import { expect, it } from 'vitest'
import { statusBlock } from '../format/status-block.ts'
import { attentionOf } from './attention.ts'
import { ago, jobOf, lookOf, queueOf, workerOf } from './operator.fixture.ts'

const minute = 60_000
const kindsOf = (...args: Parameters<typeof lookOf>) =>
  attentionOf(lookOf(...args)).map(({ kind }) => kind)
const queuesOf = (...queues: Parameters<typeof queueOf>[0][]) => ({
  queues: { queues: queues.map(queueOf), history_seconds: 86_400, now: ago(0) },
})

it('asks for nothing where nothing is wrong', () => {
  expect(kindsOf()).toEqual([])
  expect(statusBlock(lookOf(), [])[0]).toContain('● OK')
})

it('calls a queue late after ten minutes, unless it is paused', () => {
  const waiting = { queued: 5, oldest_ready_at: ago(11 * minute) }
  expect(kindsOf(queuesOf(waiting))).toEqual(['late'])
  expect(kindsOf(queuesOf({ ...waiting, paused: true }))).toEqual(['paused'])
  expect(kindsOf(queuesOf({ ...waiting, oldest_ready_at: ago(9 * minute) }))).toEqual([])
})

it('sees that jobs wait and nobody serves them, but not where none wait', () => {
  const workers = [workerOf({ queues: ['thumbs'] })]
  expect(kindsOf({ workers, ...queuesOf({ queued: 1 }) })).toEqual(['no-worker'])
  expect(kindsOf({ workers, ...queuesOf({}) })).toEqual([])
  const drained = [workerOf({ state: 'drained' })]
  expect(kindsOf({ workers: drained, ...queuesOf({ queued: 1 }) })).toEqual(['no-worker'])
})

it('tells of a full disk from the service or from a worker', () => {
  const { service } = lookOf()
  const full = { ...service, disk: { ...service.disk!, free_bytes: 0.5e9 } }
  expect(kindsOf({ service: full })).toEqual(['disk'])
  expect(kindsOf({ workers: [workerOf({ holding: 'disk' })] })).toEqual(['disk'])
})

it('counts failures of one kind from three on, and tells what to do about a new version', () => {
  const group = {
    code: 'transient',
    processor: 'thumbs',
    version: '2.0',
    since: ago(minute),
    example: { job_id: 'j_1', error: 'no size\nat thumbs.ts' },
  }
  expect(kindsOf({ failures: [{ ...group, count: 2, newWithVersion: true }] })).toEqual([])
  const [found] = attentionOf(lookOf({ failures: [{ ...group, count: 3, newWithVersion: true }] }))
  expect(found?.text).toBe('3 × transient in thumbs 2.0, new with 2.0: no size')
  expect(found?.cure).toContain('longhaul retry --status failed --processor thumbs')
})

it('puts the worst first, and names how many more there are', () => {
  const look = lookOf({
    workers: [workerOf({ state: 'lost', seen_at: ago(5 * minute) }), workerOf()],
    silent: [jobOf({ status: 'running', silent_since: ago(4 * minute) })],
  })
  const attention = attentionOf(look)
  expect(attention.map(({ kind }) => kind)).toEqual(['worker-lost', 'silent'])
  const block = statusBlock(look, attention)
  expect(block[0]).toContain('● WORKER-LOST and 1 more')
  expect(block.join('\n')).toContain('longhaul cancel j_01k8a1b2c3')
})

it('says that a backup is old, and nothing of one that a server has', () => {
  const { service } = lookOf()
  const old = { ...service, backup_at: ago(27 * 60 * minute) }
  expect(kindsOf({ service: old })).toEqual(['backup'])
  expect(kindsOf({ service: { ...old, database: { kind: 'postgres', bytes: null } } })).toEqual([])
})
