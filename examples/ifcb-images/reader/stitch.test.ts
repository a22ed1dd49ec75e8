import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target } from './adc.ts'
import type { GreyImage } from './roi.ts'
import { planStitching, roundHalfToEven, stitch, unionOf, type Rectangle } from './stitch.ts'

const at = (number: number, trigger: number, x: number, y: number, w = 20, h = 20): Target => ({
  number,
  trigger,
  x,
  y,
  width: w,
  height: h,
  offset: 0,
})
const flat = ({ width, height }: Rectangle, grey: number): GreyImage => ({
  width,
  height,
  pixels: new Uint8Array(width * height).fill(grey),
})
const numbers = (targets: readonly Target[]) =>
  planStitching(targets).map(({ target, second }) => [target.number, second?.number])

describe('planStitching', () => {
  it('joins overlapping neighbours of one trigger under the first number', () => {
    expect(numbers([at(1, 1, 0, 0), at(4, 1, 10, 10), at(5, 2, 0, 0)])).toEqual([
      [1, 4],
      [5, undefined],
    ])
  })

  it('leaves other triggers and other places alone', () => {
    expect(numbers([at(1, 1, 0, 0), at(2, 2, 0, 0), at(3, 2, 100, 0)])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ])
  })

  it('asks for more than 2 pixels of overlap, both ways', () => {
    expect(numbers([at(1, 1, 0, 0), at(2, 1, 18, 0)])).toHaveLength(2)
    expect(numbers([at(1, 1, 0, 0), at(2, 1, 17, 0)])).toHaveLength(1)
    expect(numbers([at(1, 1, 0, 0), at(2, 1, 0, 18)])).toHaveLength(2)
    expect(numbers([at(1, 1, 0, 0), at(2, 1, 0, -17)])).toHaveLength(1)
  })

  it('puts out only the first pair of a chain', () => {
    const chain = [0, 10, 20, 30].map((x, index) => at(index + 1, 1, x, 0))
    expect(numbers(chain.slice(0, 3))).toEqual([[1, 2]])
    expect(numbers(chain)).toEqual([[1, 2]])
    expect(numbers([...chain, at(5, 1, 100, 0), at(6, 1, 110, 0)])).toEqual([
      [1, 2],
      [5, 6],
    ])
  })

  it('compares neighbours only: an image between two parts keeps them apart', () => {
    expect(numbers([at(1, 1, 0, 0), at(2, 1, 100, 100), at(3, 1, 10, 0)])).toHaveLength(3)
  })
})

describe('stitch', () => {
  it('fills the canvas exactly when there is no gap, the second image on top', () => {
    const a = { x: 0, y: 0, width: 4, height: 2 }
    const b = { x: 2, y: 0, width: 4, height: 2 }
    const { width, height, pixels } = stitch(a, flat(a, 1), b, flat(b, 2))
    expect([width, height]).toEqual([6, 2])
    expect([...pixels]).toEqual([1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2])
  })

  it('fills gaps with the mean of the pixels beside them, each counted once', () => {
    const a = { x: 0, y: 0, width: 3, height: 2 }
    const b = { x: 1, y: 1, width: 3, height: 2 }
    const image = stitch(a, flat(a, 10), b, flat(b, 21))
    // 1 1 1 _    beside the gaps: (2,0) (0,1) of a = 10, (3,1) (1,2) of b = 21: mean 15.5, to even 16
    // 1 2 2 2
    // _ 2 2 2
    expect([...image.pixels]).toEqual([10, 10, 10, 16, 10, 21, 21, 21, 16, 21, 21, 21])
  })

  it('rounds half to even', () => {
    expect([1, 3, 5, 7].map((sum) => roundHalfToEven(sum, 2))).toEqual([0, 2, 2, 4])
    expect(roundHalfToEven(10, 3)).toBe(3)
    expect(roundHalfToEven(11, 3)).toBe(4)
  })

  it('agrees with a canvas painted pixel by pixel, for any two overlapping rectangles', () => {
    const size = fc.integer({ min: 1, max: 12 })
    const rectangle = fc.record({
      x: fc.integer({ min: -9, max: 9 }),
      y: fc.integer({ min: -9, max: 9 }),
      width: size,
      height: size,
    })
    const bytes = fc.uint8Array({ minLength: 144, maxLength: 144 })
    fc.assert(
      fc.property(rectangle, bytes, rectangle, bytes, (a, aBytes, b, bBytes) => {
        const image = (r: Rectangle, pixels: Uint8Array): GreyImage => ({
          ...r,
          pixels: pixels.subarray(0, r.width * r.height),
        })
        const pixelOf = (r: Rectangle, pixels: Uint8Array, x: number, y: number) =>
          x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height
            ? pixels[(y - r.y) * r.width + (x - r.x)]
            : undefined
        const seen = (x: number, y: number) => pixelOf(b, bBytes, x, y) ?? pixelOf(a, aBytes, x, y)
        const canvas = unionOf(a, b)
        const inside = (x: number, y: number) =>
          x >= canvas.x &&
          y >= canvas.y &&
          x < canvas.x + canvas.width &&
          y < canvas.y + canvas.height
        const beside: number[] = []
        for (let y = canvas.y; y < canvas.y + canvas.height; y++)
          for (let x = canvas.x; x < canvas.x + canvas.width; x++) {
            const grey = seen(x, y)
            const neighbours = [
              [x - 1, y],
              [x + 1, y],
              [x, y - 1],
              [x, y + 1],
            ] as const
            if (
              grey !== undefined &&
              neighbours.some(([u, v]) => inside(u, v) && seen(u, v) === undefined)
            )
              beside.push(grey)
          }
        const mean = beside.reduce((sum, grey) => sum + grey, 0) / beside.length
        const below = Math.floor(mean)
        const fill = mean - below === 0.5 ? (below % 2 === 0 ? below : below + 1) : Math.round(mean)

        const result = stitch(a, image(a, aBytes), b, image(b, bBytes))
        expect([result.width, result.height]).toEqual([canvas.width, canvas.height])
        const expected: number[] = []
        for (let y = canvas.y; y < canvas.y + canvas.height; y++)
          for (let x = canvas.x; x < canvas.x + canvas.width; x++) expected.push(seen(x, y) ?? fill)
        expect([...result.pixels]).toEqual(expected)
      }),
    )
  })

  it('refuses a canvas that no camera has', () => {
    const a = { x: 0, y: 0, width: 1, height: 100_000 }
    const b = { x: 0, y: 0, width: 100_000, height: 1 }
    expect(() => stitch(a, flat(a, 1), b, flat(b, 1))).toThrow(/100000x100000/)
  })
})
