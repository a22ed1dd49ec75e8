import type { Job } from './job.ts'

/** A job as the engine gives it, with what a test wants to be different. */
export const jobForTest = (different: Partial<Job> = {}): Job => ({
  id: 'j_1',
  seq: 1,
  queue: 'p',
  processor: 'p',
  version: '1.0',
  kind: 'processor',
  owner: 'local',
  state: 'queued',
  priority: 2,
  params: { input: {} },
  attempt: 0,
  failures: 0,
  lost: 0,
  maxFailures: 1,
  runAfter: 0,
  publishing: false,
  createdAt: 0,
  updatedAt: 0,
  eventNo: 1,
  ...different,
})
