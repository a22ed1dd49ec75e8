import type { JobOutput } from '@longhaul/protocol'
import { expect, it } from 'vitest'
import { plainResult } from './plain-result.ts'

const output = { name: 'a.txt', uri: 's3://b/a.txt' } as JobOutput
const file = { name: 'a.txt', uri: 's3://b/a.txt', size_bytes: 1 }

it.each([
  [{ thumbnail: file }, undefined],
  [{ cells: 3, thumbnail: file, all: [file] }, { cells: 3 }],
  [[file, file], undefined],
  [file, undefined],
  [null, undefined],
  [0, 0],
  [[], []],
  [
    { made: 0, skipped: [] },
    { made: 0, skipped: [] },
  ],
  [{ uri: 's3://b/other' }, { uri: 's3://b/other' }],
])('of %j leaves %j beside the files', (result, plain) => {
  expect(plainResult(result, [output])).toEqual(plain)
})
