import { describe, expect, it } from 'vitest'
import type { NewJob } from '../engine.ts'
import { boundedMs, historyOf, isHeldByDisks, laneReason, tokensAt, waitsOf } from './index.ts'
import { newRow } from './submit.ts'

const job: NewJob = {
  id: 'j',
  queue: 'q',
  processor: 'p',
  version: '1',
  kind: 'processor',
  owner: 'ann',
  params: { input: {} },
}
const rowOf = (more = {}) => ({
  ...newRow(job, { clock: 100, blockedBy: 0, now: 100 }),
  ...{ seq: 1, ...more },
})

describe('the waits of a job', () => {
  it('follow one another through all that held it', () => {
    const row = rowOf({ ready_at: 130, started_at: 200 })
    const log = [
      { since: 20, reason: 'paused' },
      { since: 150, reason: 'rate-limit' },
      { since: 160, reason: 'rate-limit' },
      { since: 170, reason: 'slots' },
    ] as const
    expect(waitsOf(row, 110, log)).toEqual([
      { reason: 'dependency', from: 100, to: 110 },
      { reason: 'delayed', from: 110, to: 130 },
      { reason: 'paused', from: 130, to: 150 },
      { reason: 'rate-limit', from: 150, to: 170 },
      { reason: 'slots', from: 170, to: 200 },
    ])
  })

  it('are none for a job that started at once, and open for one that waits', () => {
    expect(waitsOf(rowOf({ started_at: 100 }), undefined, [])).toEqual([])
    expect(waitsOf(rowOf(), undefined, [])).toEqual([{ reason: 'slots', from: 100 }])
    const blocked = rowOf({ ready_at: null, blocked_by: 1 })
    expect(waitsOf(blocked, undefined, [])).toEqual([{ reason: 'dependency', from: 100 }])
  })
})

describe('the reason of a lane', () => {
  const none = { paused: false, disk: false, rateLimited: false, fewest: 0 }
  it('is the first that holds', () => {
    const lane = { running: 1, max_running: null }
    const all = { paused: true, disk: true, rateLimited: true, fewest: 0 }
    expect(laneReason(all, lane)).toBe('paused')
    expect(laneReason({ ...all, paused: false }, lane)).toBe('disk')
    expect(laneReason({ ...all, paused: false, disk: false }, lane)).toBe('rate-limit')
    expect(laneReason(none, lane)).toBe('owner-share')
    expect(laneReason({ ...none, fewest: 1 }, lane)).toBe('slots')
    expect(laneReason({ ...none, fewest: undefined }, { running: 1, max_running: 1 })).toBe(
      'owner-share',
    )
  })

  it('is the disks only where every live worker of the queue is short of it', () => {
    const worker = (queues: string[] | null, holding: 'disk' | null) => ({
      ...{ queues: queues === null ? null : JSON.stringify(queues), holding },
    })
    expect(isHeldByDisks([], 'q')).toBe(false)
    expect(isHeldByDisks([worker(['q'], 'disk'), worker(['r'], null)], 'q')).toBe(true)
    expect(isHeldByDisks([worker(['q'], 'disk'), worker(null, null)], 'q')).toBe(false)
  })
})

describe('numbers', () => {
  it('of a rate fill up to one second’s worth, one at least, and never run back', () => {
    const bucket = { rate_per_minute: 600, tokens: 0, refilled_at: 1000 }
    expect(tokensAt(bucket, 1500)).toBe(5)
    expect(tokensAt(bucket, 9000)).toBe(10)
    expect(tokensAt(bucket, 0)).toBe(0)
    expect(tokensAt({ ...bucket, rate_per_minute: 6 }, 100_000)).toBe(1)
    expect(tokensAt({ ...bucket, rate_per_minute: null }, 0)).toBe(Infinity)
  })

  it('of milliseconds can be added to a clock, whatever was given', () => {
    expect([NaN, -5, 1.4, 7].map(boundedMs)).toEqual([0, 0, 1, 7])
    expect(Number.isSafeInteger(Date.now() + boundedMs(Infinity))).toBe(true)
  })

  it('of a history are the middle and the slow end, of jobs that started', () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({
      ...{ queue: 'q', state: 'completed' as const, queued_at: 0, started_at: n + 1 },
      completed_at: 3 * (n + 1),
    }))
    const never = {
      ...rows[0],
      queue: 'q',
      state: 'failed',
      queued_at: 0,
      started_at: null,
    } as const
    expect(historyOf('q', [...rows, { ...never, completed_at: 9 }])).toEqual({
      ...{ queue: 'q', finished: 101, failed: 1 },
      ...{ waitP50: 50, waitP95: 95, runP50: 100, runP95: 190 },
    })
  })
})
