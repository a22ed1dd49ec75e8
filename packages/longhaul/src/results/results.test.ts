import { expect, it } from 'vitest'
import { binJobResult } from '@longhaul/protocol'
import type { Job, JobOutput } from '../jobs/job.ts'
import type { Json } from '../support/json.ts'
import { binResult, describeOutputs, resultsIndex } from './index.ts'

const base = 's3://bucket/results/job'
const output = (name: string, items?: number): JobOutput => ({
  name,
  key: `results/job/${name}`,
  uri: `${base}/${name}`,
  size: 10,
  sha256: 'a'.repeat(64),
  mediaType: 'application/octet-stream',
  ...(items === undefined ? {} : { items }),
})
const job = (params: Partial<Job['params']> = {}, kind: Job['kind'] = 'batch') => ({
  id: 'job',
  kind,
  params: { input: {}, ...params },
})
const ofB = job({ family: 'B', manifest: { bins: [{ bin_id: 'D', files: [], bytes: 0 }] } })

it('counts what the writers of system A counted', () => {
  const outputs = [
    output('responses_00000.jsonl', 5),
    output('responses_00001.jsonl', 2),
    output('artifacts_00000.tar', 3),
    output('artifacts_00000.json'),
  ]
  expect(describeOutputs(outputs)).toMatchObject([
    { name: 'responses', metadata: { records_emitted: 7, file_count: 2, bytes: 20 } },
    {
      name: 'artifacts',
      shards: [{ metadata: { items: 3, bytes: 10 } }],
      metadata: { items: 3, bytes: 10 },
    },
  ])
})

const outputs = [
  output('features/part-0000.parquet', 4),
  output('masks/shard-00000.tar', 3),
  output('masks/shard-00000.json'),
  output('cover.png'),
]
it.each<[string, Json, object]>([
  ['by its outputs', null, { schema: {}, counts: { bins: 1, rois: 4, masks: 3 } }],
  [
    'by the processor where it says so',
    { features: { schema: { area: 'float64' } }, counts: { bins: 9, rois: 8, masks: 7 } },
    { schema: { area: 'float64' }, counts: { bins: 9, rois: 8, masks: 7 } },
  ],
])("tells system B's result %s, and lacks nothing", (_how, value, said) => {
  const result = binResult(ofB, value, outputs)
  expect(binJobResult.strict().parse(result)).toEqual(result)
  const { schema, uris } = result.features
  expect({ schema, counts: result.counts }).toEqual(said)
  expect(uris).toEqual([`${base}/features/part-0000.parquet`])
  expect(result.masks.shards).toEqual([
    { uri: `${base}/masks/shard-00000.tar`, index_uri: `${base}/masks/shard-00000.json` },
  ])
})

it('indexes the results of system A with their metrics, indented', () => {
  const text = resultsIndex(job(), { metrics: { n: 1 } }, [output('cover.png')])
  expect(text).toContain('\n  "job_id": "job",\n')
  expect(JSON.parse(text ?? '')).toMatchObject({
    job_id: 'job',
    outputs: [{ name: 'cover' }],
    metrics: { n: 1 },
  })
})

it('leaves alone what has no index, or one of its own', () => {
  expect(resultsIndex(job(), null, [])).toBeUndefined()
  expect(resultsIndex(job({}, 'processor'), null, outputs)).toBeUndefined()
  expect(resultsIndex(ofB, null, [output('results.json')])).toBeUndefined()
})
