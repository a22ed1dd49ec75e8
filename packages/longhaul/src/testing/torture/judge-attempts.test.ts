import { expect, it } from 'vitest'
import type { LedgerLine } from './evidence.ts'
import { judgeAttempts } from './judge-attempts.ts'

const line = (attempt: number, at: number, nonce = `n${attempt}`): LedgerLine => ({
  ...{ what: 'beat', at, job: 'j_1', attempt, nonce, tag: 't' },
  ...{ pid: 100 + attempt, server: 10 + attempt },
})

it('accepts attempts that follow each other', () => {
  expect(judgeAttempts([line(1, 0), line(1, 100), line(2, 3000), line(2, 3100)], [])).toEqual([])
})

it('reports a sign of life of an attempt after its successor began', () => {
  const findings = judgeAttempts([line(1, 0), line(2, 3000), line(1, 3100)], [])
  expect(findings).toMatchObject([{ kind: 'doubled' }])
})

it('excuses an attempt whose server stood still, until it had time to kill it', () => {
  const frozen = [{ pid: 11, from: 500, to: 3500 }]
  expect(judgeAttempts([line(1, 0), line(2, 3000), line(1, 3400)], frozen)).toEqual([])
  expect(judgeAttempts([line(1, 0), line(2, 3000), line(1, 9000)], frozen)).toHaveLength(1)
})

it('reports an attempt number that was given out twice', () => {
  expect(judgeAttempts([line(1, 0, 'a'), line(1, 10, 'b')], [])).toMatchObject([
    { kind: 'doubled', what: expect.stringContaining('given out twice') },
  ])
})
