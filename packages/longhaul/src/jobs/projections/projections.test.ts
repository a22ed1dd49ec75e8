import { jobView, systemAJob as systemASchema, type Problem } from '@longhaul/protocol'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { Job, JobOutput, JobState } from '../job.ts'
import { jobForTest } from '../job-for-test.fixture.ts'
import { nativeJob, projectJob, systemAJob } from './index.ts'

const problem: Problem = {
  type: '/problems/permanent',
  title: 'The processor failed for good',
  status: 500,
  detail: `cannot read ${tmpdir()}/work/j_1.1/cat.png`,
  code: 'permanent',
}
const output = (name: string, field?: string): JobOutput => ({
  name,
  key: `results/j_1/${name}`,
  uri: `s3://bucket/results/j_1/${name}`,
  size: 10,
  sha256: 'a'.repeat(64),
  mediaType: 'application/octet-stream',
  ...(field === undefined ? {} : { field }),
})
const completed = (value: Job['result'] extends infer R | undefined ? NonNullable<R> : never) =>
  jobForTest({
    kind: 'batch',
    state: 'completed',
    startedAt: 1000,
    completedAt: 2000,
    result: value,
  })

const states: JobState[] = [
  'queued',
  'running',
  'retry_wait',
  'paused',
  'completed',
  'failed',
  'cancelled',
]

describe('a native job', () => {
  it.each(states)('%s keeps its word and fits the wire schema', (state) => {
    const job = jobForTest({
      state,
      ...(state === 'failed' ? { problem } : {}),
      ...(state === 'completed'
        ? { result: { value: { a: 1 }, outputs: [output('x y.png')] } }
        : {}),
      ...(state === 'running' ? { progress: { percent: 5, updatedAt: 7 }, startedAt: 3 } : {}),
    })
    const view = nativeJob(job)
    expect(jobView.strict().parse(view)).toEqual(view)
    expect(view.status).toBe(state)
  })

  it('says where each output is', () => {
    const [one] = nativeJob(
      jobForTest({ result: { value: null, outputs: [output('masks/a b.png', 'mask')] } }),
    ).outputs
    expect(one).toMatchObject({ field: 'mask', url: '/jobs/j_1/outputs/masks/a%20b.png' })
  })

  it('[A.8.17] shows no path of this machine', () => {
    const view = nativeJob(jobForTest({ state: 'failed', problem }))
    expect(view.error).toBe('cannot read cat.png')
    expect(view.problem).toMatchObject({ code: 'permanent', detail: 'cannot read cat.png' })
  })
})

describe("a job in system A's words", () => {
  it.each([
    ['queued', 'queued'],
    ['running', 'processing'],
    ['retry_wait', 'queued'],
    ['paused', 'queued'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
  ] as const)('%s is %s', (state, word) => {
    const view = systemAJob(jobForTest({ kind: 'batch', state }))
    expect(view.status).toBe(word)
    expect(systemASchema.strict().parse(view)).toEqual(view)
  })

  it('has a non-empty error exactly when it failed', () => {
    for (const state of states) {
      const { status, error } = systemAJob(jobForTest({ state }))
      expect(Boolean(error)).toBe(status === 'failed')
    }
    expect(systemAJob(jobForTest({ state: 'cancelled' })).error).toBe('cancelled')
    expect(systemAJob(jobForTest({ state: 'failed', problem })).error).toBe('cannot read cat.png')
  })

  it('merges what else the progress says', () => {
    const progress = { stage: 'counting', percent: 50, detail: { roi_number: 7 }, updatedAt: 1 }
    expect(systemAJob(jobForTest({ progress })).progress).toEqual({
      stage: 'counting',
      percent: 50,
      roi_number: 7,
    })
  })

  it("passes the processor's own object on, with the outputs it did not name itself", () => {
    const names = ['responses_00000.jsonl', 'responses_00001.jsonl', 'artifacts_00000.tar']
    const outputs = [...names, 'artifacts_00000.json', 'cover.png'].map((name) => output(name))
    const { result } = systemAJob(completed({ value: { metrics: { n: 1 } }, outputs }))
    const base = 's3://bucket/results/j_1'
    expect(result).toEqual({
      metrics: { n: 1 },
      outputs: [
        {
          name: 'responses',
          type: 'tabular',
          format: 'jsonl',
          uris: [`${base}/responses_00000.jsonl`, `${base}/responses_00001.jsonl`],
          shards: [],
          metadata: { file_count: 2, bytes: 20 },
        },
        {
          name: 'artifacts',
          type: 'binary',
          format: 'webdataset',
          uris: [],
          shards: [
            {
              name: 'artifacts_00000.tar',
              uri: `${base}/artifacts_00000.tar`,
              index_uri: `${base}/artifacts_00000.json`,
              metadata: { bytes: 10 },
            },
          ],
          metadata: { bytes: 10 },
        },
        {
          name: 'cover',
          type: 'binary',
          format: 'png',
          uris: [`${base}/cover.png`],
          shards: [],
          metadata: { file_count: 1, bytes: 10 },
        },
      ],
    })
    const said = { outputs: ['mine'] }
    expect(systemAJob(completed({ value: said, outputs })).result).toEqual(said)
  })

  it('has an object as result, or null', () => {
    expect(systemAJob(completed({ value: 7, outputs: [] })).result).toEqual({ value: 7 })
    expect(systemAJob(completed({ value: null, outputs: [] })).result).toEqual({})
    expect(systemAJob(jobForTest({ state: 'failed' })).result).toBeNull()
  })
})

it('each family gets its own words, unless native ones are asked for', () => {
  const batch = jobForTest({ kind: 'batch', state: 'running' })
  expect(projectJob(batch, undefined).status).toBe('processing')
  expect(projectJob(batch, 'native').status).toBe('running')
  expect(projectJob(jobForTest({ state: 'running' }), undefined).status).toBe('running')
})
