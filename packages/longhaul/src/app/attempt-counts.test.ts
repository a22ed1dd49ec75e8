import { expect, it } from 'vitest'
import { LonghaulError, toProblem } from '../errors/index.ts'
import type { JobEngine, Lease } from '../jobs/engine.ts'
import { AttemptCounts, countEnds } from './attempt-counts.ts'

it('counts how attempts ended by processor and class, each once, without any id', async () => {
  const counts = new AttemptCounts()
  const lease = (jobId: string): Lease => ({ jobId, attempt: 1, nonce: jobId })
  const inner = {
    claim: async () => ['a', 'b', 'c', 'd'].map((id) => ({ job: { id, processor: 'p' } })),
    settle: async (items: { lease: Lease }[]) =>
      items.map(({ lease }) => (lease.jobId === 'c' ? 'lost' : 'settled')),
    settleAndClaim: async () => ({
      verdicts: ['settled'],
      claims: [{ job: { id: 'e', processor: 'p' } }],
    }),
    release: async () => undefined,
  }
  const engine = countEnds(inner as unknown as JobEngine, counts)
  await engine.claim({ id: 'w', host: 'h', bootId: 'b', pid: 1, slots: 1 }, [])
  const problem = toProblem(new LonghaulError('out-of-memory', 'Too much.'))
  const completed = { kind: 'completed', result: { value: null, outputs: [] } } as const
  await engine.settle([
    { lease: lease('a'), outcome: { kind: 'publishing', result: null, outputs: [] } },
    { lease: lease('a'), outcome: completed },
    { lease: lease('b'), outcome: { kind: 'failed', problem, retry: 'policy' } },
    { lease: lease('c'), outcome: completed },
  ])
  const worker = { id: 'w', host: 'h', bootId: 'b', pid: 1, slots: 1 }
  await engine.settleAndClaim([{ lease: lease('d'), outcome: completed }], worker, [])
  await engine.release([lease('e'), lease('a')])
  expect(counts.list().map(({ processor, end, count }) => [processor, end, count])).toEqual([
    ['p', 'completed', 2],
    ['p', 'out-of-memory', 1],
    ['p', 'lost', 1],
    ['p', 'released', 1],
  ])
})
