import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layParts, partBytesOf, partCountOf } from './part-layout.ts'

const MiB = 1024 ** 2
const limits = {
  minPartBytes: 1,
  maxPartBytes: 5 * 1024 * MiB,
  maxParts: 10_000,
  equalParts: false,
}

describe('how a file is cut', () => {
  it.each([
    [1, 5 * MiB, 1],
    [5 * MiB, 5 * MiB, 1],
    [5 * MiB + 1, 5 * MiB, 2],
    [50_000 * MiB, 5 * MiB, 10_000],
    [50_000 * MiB + 1, 6 * MiB, 8334],
    [10e12, 1004 * MiB, 9499],
  ])('%d bytes at 5 MiB: parts of %d, %d of them', (size, partBytes, count) => {
    const layout = layParts(size, 5 * MiB, limits)
    expect(layout.partBytes).toBe(partBytes)
    expect(partCountOf(layout)).toBe(count)
  })

  it('is one empty part for an empty file', () => {
    const layout = layParts(0, 5 * MiB, limits)
    expect(partCountOf(layout)).toBe(1)
    expect(partBytesOf(layout, 1)).toBe(0)
  })

  it('obeys the store: its smallest part, its largest, their number', () => {
    expect(layParts(100, 10, { ...limits, minPartBytes: 50 }).partBytes).toBe(50)
    expect(layParts(100 * MiB, MiB, { ...limits, maxParts: 20 }).partBytes).toBe(6 * MiB)
    expect(() => layParts(60e12, 5 * MiB, limits)).toThrow(/do not fit/)
  })

  it('[A.8.9 Y.1.9] adds up to the file, in no more parts than the store takes', () => {
    const sizes = fc.oneof(fc.nat(100 * MiB), fc.integer({ min: 1, max: 49e12 }))
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 64 * MiB }), (size, wanted) => {
        const layout = layParts(size, wanted, limits)
        const count = partCountOf(layout)
        expect(count).toBeLessThanOrEqual(10_000)
        expect((count - 1) * layout.partBytes + partBytesOf(layout, count)).toBe(size)
        if (size > 0) expect(partBytesOf(layout, count)).toBeGreaterThan(0)
      }),
    )
  })
})
