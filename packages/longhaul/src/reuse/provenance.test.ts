import { expect, it } from 'vitest'
import type { JobEvent } from '../jobs/engine.ts'
import { jobForTest } from '../jobs/job-for-test.fixture.ts'
import { provenanceOf, type ProvenanceFacts } from './provenance.ts'

const file = { type: 'string', format: 'binary', 'x-longhaul-file': {} }
const staged = { name: 'a.txt', path: '/work/a.txt', uri: 's3://b/a', size: 3, sha256: 'aa' }
const facts = (over: Partial<ProvenanceFacts>): ProvenanceFacts => ({
  job: jobForTest({ attempt: 1, startedAt: 2000 }),
  description: {
    name: 'p',
    version: '1',
    description: '',
    code_digest: 'cc',
    runtime: 'node24',
    input: { type: 'object', properties: { text: file, n: {} } },
    output: {},
  },
  input: { text: staged, n: 1 },
  outputs: [],
  events: [],
  host: 'here',
  worker: 'here:1',
  longhaul: '0.1.0',
  now: 3000,
  ...over,
})

it('tells code, parameters, inputs and host, and no path of this machine', () => {
  const document = provenanceOf(facts({}))
  expect(document).toMatchObject({
    processor: { name: 'p', version: '1', code_digest: 'cc', runtime: 'node24' },
    parameters: { n: 1 },
    inputs: [{ field: 'text', name: 'a.txt', uri: 's3://b/a', size_bytes: 3, sha256: 'aa' }],
    attempts: [{ n: 1, worker: 'here:1', started_at: '1970-01-01T00:00:02.000Z' }],
    host: { name: 'here', worker: 'here:1' },
    made_at: '1970-01-01T00:00:03.000Z',
  })
  expect(JSON.stringify(document)).not.toContain('/work/')
})

it('tells how earlier attempts ended', () => {
  const event = (no: number, attempt: number, type: string, data = {}): JobEvent => ({
    jobId: 'j_1',
    ...{ no, attempt, type, at: no * 1000, data },
  })
  const events = [
    event(1, 0, 'queued'),
    event(2, 1, 'started', { worker: 'w1' }),
    event(3, 1, 'lost', { worker: 'w1' }),
    event(4, 2, 'started', { worker: 'w2' }),
    event(5, 2, 'retry_wait'),
    event(6, 3, 'started', { worker: 'here:1' }),
  ]
  const job = jobForTest({ attempt: 3, startedAt: 2000 })
  expect(provenanceOf(facts({ job, events }))['attempts']).toEqual([
    { n: 1, worker: 'w1', started_at: '1970-01-01T00:00:02.000Z', ended: 'lost' },
    { n: 2, worker: 'w2', started_at: '1970-01-01T00:00:04.000Z', ended: 'retry_wait' },
    { n: 3, worker: 'here:1', started_at: '1970-01-01T00:00:06.000Z', ended: 'completed' },
  ])
})
