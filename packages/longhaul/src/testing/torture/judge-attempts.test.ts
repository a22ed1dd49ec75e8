import { expect, it } from 'vitest'
import type { LedgerLine } from './evidence.ts'
import { judgeAttempts, judgeLimit } from './judge-attempts.ts'

const line = (attempt: number, at: number, nonce = `n${attempt}`): LedgerLine => ({
  ...{ what: 'beat', at, job: 'j_1', attempt, nonce, tag: 't', queue: 'narrow' },
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

const of = (job: string, at: number): LedgerLine => ({ ...line(1, at), job })

it('reports more attempts at once than the fleet may run, however each of them ended', () => {
  const two = [of('a', 0), of('b', 10), of('a', 100), of('b', 110)]
  // The first was killed after its last sign: its slot was free.
  expect(judgeLimit([...two, of('c', 120), of('b', 210), of('c', 220)], [])).toEqual([])
  expect(
    judgeLimit([of('a', 0), of('b', 10), of('c', 20), of('a', 100), of('b', 110)], []),
  ).toEqual([
    { kind: 'wrong', what: '3 ran at once where the fleet may run 2: a.1.n1, b.1.n1, c.1.n1' },
  ])
})

it('does not count what a server that stood still goes on running', () => {
  const lines = [
    of('a', 0),
    of('b', 10),
    { ...of('c', 20), server: 99 },
    of('a', 100),
    of('b', 110),
  ]
  expect(judgeLimit(lines, [{ pid: 99, from: 0, to: 50 }])).toEqual([])
})
