import { describe, expect, it } from 'vitest'
import type { PendingOutput } from '../jobs/job.ts'
import { linkResult, publishedOutput } from './result-value.ts'

const pending = (name: string): PendingOutput => ({
  name,
  key: `results/1/${name}`,
  uri: `s3://b/results/1/${name}`,
  size: 3,
  sha256: 'abc',
  mediaType: 'text/plain',
  uploadId: 'u',
  parts: [{ partNumber: 1, etag: '"e"', size: 3 }],
})

describe('the files of a result', () => {
  it('become records of the stored objects, which learn their field', () => {
    const { value, outputs } = linkResult(
      {
        report: { $output: 'r.txt' },
        all: [{ $output: 'a.txt' }],
        deep: { one: { $output: 'd.txt' } },
        n: 1,
      },
      [pending('r.txt'), pending('a.txt'), pending('d.txt'), pending('extra.txt')],
    )
    expect(value).toMatchObject({
      report: { name: 'r.txt', uri: 's3://b/results/1/r.txt', size_bytes: 3 },
      n: 1,
    })
    expect(outputs.map(({ name, field }) => [name, field])).toEqual([
      ['r.txt', 'report'],
      ['a.txt', 'all'],
      ['d.txt', 'deep'],
      ['extra.txt', undefined],
    ])
  })

  it('are refused when nothing of that name was written', () => {
    expect(() => linkResult({ report: { $output: 'no.txt' } }, [])).toThrow(/never written/)
  })

  it('lose their upload once they are published', () => {
    expect(publishedOutput(pending('a'))).not.toHaveProperty('uploadId')
    expect(publishedOutput(pending('a'))).not.toHaveProperty('parts')
  })
})
