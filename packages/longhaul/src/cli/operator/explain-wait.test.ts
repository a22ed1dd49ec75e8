import { expect, it } from 'vitest'
import { explainState } from './explain-end.ts'
import { explainWait, startEstimateMs, type WaitingJob } from './explain-wait.ts'
import { ago, jobOf, now, queueOf, workerOf } from './operator.fixture.ts'

const waiting = (change: Partial<WaitingJob> = {}): WaitingJob => ({
  job: jobOf(),
  queue: queueOf({
    queued: 4,
    running: 2,
    owners: [{ owner: 'ana', queued: 4, running: 2, max_running: null }],
  }),
  workers: [workerOf({ jobs: [{ job_id: 'j_busy', queue: 'segment', lease_expires_at: ago(0) }] })],
  dependencies: [],
  now,
  ...change,
})

it('slots: names who is busy, the limit where that is it, and who is missing', () => {
  expect(explainWait('slots', waiting()).because).toBe('the 2 slots of segment are busy (j_busy)')
  const limited = waiting({ queue: queueOf({ running: 1, max_running: 1 }) })
  expect(explainWait('slots', limited)).toEqual({
    because: 'segment may run 1 at once, and does (j_busy)',
    cures: ['longhaul limit segment 2'],
  })
  const nobody = waiting({ workers: [workerOf({ state: 'drained' })] })
  expect(explainWait('slots', nobody).because).toBe(
    'no worker serves segment: the last one was drained',
  )
})

it('owner-share: tells a cap from having more than others', () => {
  const owners = [
    { owner: 'ana', queued: 4, running: 3, max_running: null },
    { owner: 'lab', queued: 9, running: 1, max_running: null },
  ]
  const shared = explainWait('owner-share', waiting({ queue: queueOf({ running: 4, owners }) }))
  expect(shared.because).toBe('ana runs 3 of 4; lab (1 running) come first until shares are equal')
  const capped = [{ ...owners[0]!, max_running: 3 }]
  expect(explainWait('owner-share', waiting({ queue: queueOf({ owners: capped }) }))).toEqual({
    because: 'ana may run 3 at once in segment, and does',
    cures: ['longhaul limit segment none --owner ana'],
  })
})

it('dependency and delay: name what is waited for, and until when', () => {
  const dependencies = [
    jobOf({ job_id: 'j_first', status: 'running' }),
    jobOf({ job_id: 'j_done', status: 'completed' }),
  ]
  expect(explainWait('dependency', waiting({ dependencies })).because).toBe(
    'it depends on j_first (running), which must end first',
  )
  const job = jobOf({ status: 'retry_wait', attempt: 1, error: 'busy', run_after: ago(-30_000) })
  expect(explainWait('delayed', waiting({ job })).because).toBe(
    'attempt 1 failed (busy); it tries again in 30 s',
  )
})

it('says when it starts only where that can be known', () => {
  const history = {
    finished: 50,
    failed: 0,
    wait_p50_ms: 1,
    wait_p95_ms: 1,
    run_p50_ms: 60_000,
    run_p95_ms: 90_000,
  }
  const known = waiting()
  const queue = { ...known.queue!, history }
  expect(startEstimateMs({ ...known, queue })).toBe(120_000) // 4 jobs, 2 places, a minute each
  expect(startEstimateMs(known)).toBeUndefined()
  expect(
    startEstimateMs({ ...known, queue: { ...queue, history: { ...history, finished: 5 } } }),
  ).toBe(undefined)
  const two = [...queue.owners, { owner: 'lab', queued: 1, running: 0, max_running: null }]
  expect(startEstimateMs({ ...known, queue: { ...queue, owners: two } })).toBeUndefined()
})

it('a job that does not wait: what it does, or what its end calls for', () => {
  const hung = jobOf({
    status: 'running',
    attempt: 1,
    started_at: ago(90_000),
    silent_since: ago(80_000),
  })
  expect(explainState(hung, now).because).toBe(
    'running for 90 s, attempt 1, but without a sign of life for 80 s: no progress, no output, no CPU time',
  )
  const problem = { type: '', title: 'T', status: 500, detail: 'd', code: 'out-of-memory' }
  const failed = jobOf({ status: 'failed', attempt: 2, problem, error: 'used 6 GB' })
  expect(explainState(failed, now).because).toBe('failed, out-of-memory (attempt 2): used 6 GB')
  expect(explainState(failed, now).cures[0]).toContain('--memory 8GB')
})
