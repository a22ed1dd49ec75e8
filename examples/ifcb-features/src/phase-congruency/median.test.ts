import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { medianOf } from './median.ts'

const sorted = (values: readonly number[]): number => {
  const order = values.toSorted((a, b) => a - b)
  const middle = order.length >> 1
  return order.length % 2 === 1 ? order[middle]! : (order[middle - 1]! + order[middle]!) / 2
}

describe('medianOf', () => {
  it('is the mean of the two in the middle for an even number, whatever they are', () => {
    const amount = fc.oneof(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constantFrom(0, 1, 2, 1e-300, Number.MIN_VALUE),
      fc.double({ min: 0.99, max: 1.01, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        (values, gap) => {
          // As one column with other numbers between.
          const f64 = new Float64Array(values.length * (gap + 1)).fill(7e9)
          for (const [row, value] of values.entries()) f64[row * (gap + 1)] = value
          const median = medianOf({ f64, at: 0, rows: values.length, columns: 1, stride: gap + 1 })
          expect(median).toBeCloseTo(sorted(values), 290)
          if (Math.max(...values) > 1e-290) expect(median).toBe(sorted(values))
        },
      ),
    )
  })
})
