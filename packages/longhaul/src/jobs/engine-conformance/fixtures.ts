/** Jobs, workers and outcomes of the suite; without vitest, because its child processes use them too. */
import type { Json } from '../../support/json.ts'
import type { Checkpoint, JobEngine, NewJob, Outcome, WorkerInfo } from '../engine.ts'

/** A claimer process needs no more than this of an engine. */
export type OpenForTest = (argument: string) => Promise<{
  readonly engine: Pick<JobEngine, 'claim' | 'settle' | 'settleAndClaim'>
  close(): Promise<void>
}>

let made = 0
export const newJob = (more: Partial<NewJob> = {}): NewJob => ({
  id: `job-${(made += 1)}`,
  queue: 'q',
  processor: 'p',
  version: '1',
  kind: 'processor',
  owner: 'ann',
  params: { input: {} },
  ...more,
})
export const workerNamed = (id: string): WorkerInfo => ({
  id,
  host: 'here',
  bootId: 'boot',
  pid: 1,
  slots: 4,
})
export const worker = workerNamed('w1')

/** A checkpoint that holds nothing but the processor's own state. */
export const manifestOf = (state: Json): Checkpoint => ({
  version: '1',
  state,
  files: [],
  writers: [],
  outputs: [],
})

export const completed: Outcome = { kind: 'completed', result: { value: null, outputs: [] } }
export const failedWith = (retry: Extract<Outcome, { kind: 'failed' }>['retry']): Outcome => ({
  kind: 'failed',
  retry,
  problem: {
    type: '/problems/transient',
    title: 'The processor failed',
    status: 500,
    detail: 'on purpose',
    code: 'transient',
  },
})
export const publishing: Outcome = {
  kind: 'publishing',
  result: { made: 1 },
  outputs: [
    {
      name: 'a.json',
      key: 'results/x/a.json',
      uri: 's3://bucket/results/x/a.json',
      size: 2,
      sha256: 'ab',
      mediaType: 'application/json',
      uploadId: 'u1',
      parts: [{ partNumber: 1, etag: '"e"', size: 2 }],
    },
  ],
}
