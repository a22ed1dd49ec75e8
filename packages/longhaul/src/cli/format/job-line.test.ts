import type { JobProgress, JobView } from '@longhaul/protocol'
import { describe, expect, it } from 'vitest'
import { jobLine } from './job-line.ts'

const start = '2026-01-01T00:00:00.000Z'
const at = (seconds: number): number => Date.parse(start) + seconds * 1000
const nothing: JobProgress = {
  stage: null,
  percent: null,
  message: null,
  done: null,
  total: null,
  rate_per_second: null,
  eta_seconds: null,
  detail: null,
  updated_at: start,
}
function job(change: Partial<JobView>, progress?: Partial<JobProgress>): JobView {
  return {
    job_id: 'j_01k8abcdef0123456789abcdef',
    processor: 'thumbnail',
    queue: 'thumbnail',
    version: '1',
    kind: 'processor',
    status: 'running',
    priority: 2,
    owner: 'local',
    attempt: 1,
    failures: 0,
    lost: 0,
    max_attempts: 3,
    created_at: start,
    updated_at: start,
    started_at: start,
    completed_at: null,
    cancel_requested_at: null,
    expires_at: null,
    run_after: null,
    waiting: null,
    batch_id: null,
    batch_item: null,
    depends_on: [],
    silent_since: null,
    checkpoint_at: null,
    memory_bytes: null,
    tags: [],
    progress: progress === undefined ? null : { ...nothing, ...progress },
    result: null,
    outputs: [],
    problem: null,
    error: null,
    links: { self: '', events: '', outputs: '', logs: '', cancel: '' },
    ...change,
  }
}

describe('the line of a job', () => {
  it('is the one that the README shows', () => {
    const progress = {
      stage: 'resize',
      message: 'images',
      percent: 71,
      done: 710,
      total: 1000,
      rate_per_second: 38,
      eta_seconds: 8,
    }
    expect(jobLine(job({ job_id: 'j_01k8' }, progress), at(20))).toBe(
      'thumbnail j_01k8  ██████████████░░░░░░  71 %  resize 710/1,000 images  38/s  ETA 8 s',
    )
  })

  it('knows the share and the time left from counts alone', () => {
    expect(jobLine(job({}, { done: 1, total: 4, rate_per_second: 0.5 }), at(2))).toBe(
      'thumbnail j_01k8abcdef  █████░░░░░░░░░░░░░░░  25 %  1/4  30/min  ETA 6 s',
    )
  })

  it('is full only at the end', () => {
    const line = jobLine(job({}, { percent: 99.99 }), at(2))
    expect(line).toContain('░')
    expect(line).toContain(' 99 %')
  })

  it('says how long it runs when nobody said how far it is', () => {
    expect(jobLine(job({}), at(90))).toBe('thumbnail j_01k8abcdef  running  90 s')
    expect(jobLine(job({ attempt: 2 }, { message: 'loading' }), at(3))).toBe(
      'thumbnail j_01k8abcdef  running  loading  3 s  attempt 2',
    )
  })

  it.each([
    [{ status: 'queued', attempt: 0, started_at: null }, 'queued 12 s'],
    [{ status: 'queued', attempt: 1 }, 'queued again, attempt 1 was lost'],
    [{ status: 'retry_wait', failures: 1 }, 'waits to try again (failed 1 of 3 times)'],
    [{ cancel_requested_at: start }, 'cancelling'],
    [{ status: 'completed', completed_at: '2026-01-01T00:00:03.200Z' }, 'completed in 3.2 s'],
    [{ status: 'failed', error: 'width must be even' }, 'failed: width must be even'],
    [{ status: 'cancelled' }, 'cancelled'],
  ] satisfies [Partial<JobView>, string][])('of %j ends with "%s"', (change, text) => {
    expect(jobLine(job(change), at(12))).toBe(`thumbnail j_01k8abcdef  ${text}`)
  })
})
