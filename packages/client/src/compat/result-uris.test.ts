import { expect, it } from 'vitest'
import { urisOfResult } from './result-uris.ts'

it('finds tables, shards and indices as the result of system B names them', () => {
  const result = {
    features: { format: 'parquet', uris: ['s3://b/results/j/features/part-0000.parquet'] },
    masks: { shards: [{ uri: 's3://b/m.tar', index_uri: 's3://b/m.json' }] },
  }
  const outputs = [{ uri: 's3://b/results/j/results.json' }, { uri: 's3://b/m.tar' }]
  expect(urisOfResult({ result }, outputs)).toEqual({
    features: ['s3://b/results/j/features/part-0000.parquet'],
    masks: ['s3://b/m.tar'],
    indices: ['s3://b/m.json', 's3://b/results/j/results.json'],
  })
})

it('finds them as the descriptors of system A name them', () => {
  const outputs = [
    { name: 'responses', type: 'tabular', uris: ['s3://b/r_00000.jsonl'], shards: [] },
    { name: 'artifacts', type: 'binary', uris: [], shards: [{ uri: 't', index_uri: null }] },
  ]
  expect(urisOfResult({ result: { outputs } }, [])).toEqual({
    features: ['s3://b/r_00000.jsonl'],
    masks: ['t'],
    indices: [],
  })
})

it('finds nothing in a result that says nothing', () => {
  const none = { features: [], masks: [], indices: [] }
  expect(urisOfResult({ result: null }, [])).toEqual(none)
  expect(urisOfResult({ result: { outputs: 3 } }, [])).toEqual(none)
})
