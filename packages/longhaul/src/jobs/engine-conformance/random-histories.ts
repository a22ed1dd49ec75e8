import fc from 'fast-check'
import { describe, it } from 'vitest'
import { checkInvariants, type OpenEngine } from './harness.ts'
import { compare, steps } from './model-steps.ts'
import { Model } from './model.ts'

export function randomHistories(open: OpenEngine, numRuns: number): void {
  describe('any history', () => {
    it('ends where the rules say, with every invariant kept', { timeout: 180_000 }, async () => {
      const history = fc.array(steps, { minLength: 5, maxLength: 60, size: 'max' })
      await fc.assert(
        fc.asyncProperty(history, async (chosen) => {
          const test = await open({ leaseMs: 600_000, backoff: () => 0, lostLimit: 3 })
          try {
            const model = new Model()
            for (const { step } of chosen) {
              await step(test.engine, model)
              await compare(test.engine, model)
            }
            await checkInvariants(test)
          } finally {
            await test.stop()
          }
        }),
        { numRuns },
      )
    })
  })
}
