import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clearMargin,
  dilateCross,
  erodeCross,
  packBits,
  unpackBits,
  type BitImage,
} from './bit-image.ts'
import { hysteresis, trimBorder } from './hysteresis.ts'
import { dropSmall, erode } from './segment.ts'
import { thin } from './thin.ts'

const margin = 2
const through = (
  mask: Uint8Array,
  width: number,
  height: number,
  ...steps: ((i: BitImage) => BitImage)[]
) => {
  let image = packBits(mask, width, height, margin)
  for (const step of steps) image = step(image)
  clearMargin(image, width, height, margin)
  const to = new Uint8Array(mask.length)
  unpackBits(image, to, width, height, margin)
  return to
}

/** A pixel by its place; `outside` beyond the image. */
const reader =
  (mask: ArrayLike<number>, width: number, height: number, outside: number) =>
  (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? outside : mask[y * width + x]!

/** Closing with the radius-2 diamond by its definition, on a canvas that reaches as far as it needs. */
function literalClosing(mask: Uint8Array, width: number, height: number): Uint8Array {
  const at = reader(mask, width, height, 0)
  const diamond: [number, number][] = []
  for (let dy = -2; dy <= 2; dy++)
    for (let dx = -2; dx <= 2; dx++) if (Math.abs(dx) + Math.abs(dy) <= 2) diamond.push([dx, dy])
  expect(diamond).toHaveLength(13)
  const dilated = (x: number, y: number) => diamond.some(([dx, dy]) => at(x + dx, y + dy) === 1)
  return mask.map((_, i) =>
    diamond.every(([dx, dy]) => dilated((i % width) + dx, Math.floor(i / width) + dy)) ? 1 : 0,
  )
}

/** One thinning by its definition. */
function literalThin(mask: Uint8Array, width: number, height: number): Uint8Array {
  let image = mask
  for (const second of [false, true]) {
    const at = reader(image, width, height, 0)
    image = image.map((set, i) => {
      const [x, y] = [i % width, Math.floor(i / width)]
      const b = [
        at(x + 1, y),
        at(x + 1, y - 1),
        at(x, y - 1),
        at(x - 1, y - 1),
        at(x - 1, y),
        at(x - 1, y + 1),
        at(x, y + 1),
        at(x + 1, y + 1),
      ].map((value) => value === 1)
      const of = (k: number) => b[k % 8]!
      const g1 = [0, 2, 4, 6].filter((k) => !of(k) && (of(k + 1) || of(k + 2))).length === 1
      const n1 = [1, 3, 5, 7].filter((k) => of(k) || of(k - 1)).length
      const n2 = [1, 3, 5, 7].filter((k) => of(k) || of(k + 1)).length
      const g2 = [2, 3].includes(Math.min(n1, n2))
      const g3 = second ? !((b[5] || b[6] || !b[3]) && b[4]) : !((b[1] || b[2] || !b[7]) && b[0])
      return set === 1 && g1 && g2 && g3 ? 0 : set
    })
  }
  return image
}

/** Masks of all kinds of widths, also around a whole number of words. */
const masks = fc
  .tuple(
    fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 26, max: 34 })),
    fc.integer({ min: 2, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  )
  .chain(([width, height, share]) =>
    fc.array(fc.nat(9), { minLength: width * height, maxLength: width * height }).map((noise) => ({
      width,
      height,
      mask: Uint8Array.from(noise, (value) => (value < share ? 1 : 0)),
    })),
  )

describe('morphology of 32 pixels at once', () => {
  it('closes as by definition, at the borders too', () => {
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        const closed = through(
          mask,
          width,
          height,
          dilateCross,
          dilateCross,
          erodeCross,
          erodeCross,
        )
        expect(closed).toEqual(literalClosing(mask, width, height))
      }),
    )
  })

  it('thins as by definition', () => {
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        expect(through(mask, width, height, thin)).toEqual(literalThin(mask, width, height))
      }),
      { numRuns: 300 },
    )
  })

  it('decides on each half step as a whole: a bar of two rows becomes one line', () => {
    const bar = new Uint8Array(60).fill(1, 10, 18).fill(1, 20, 28)
    const line = through(bar, 10, 6, thin, thin, thin)
    expect(line.reduce((sum, set) => sum + set, 0)).toBeGreaterThan(4)
    expect(through(line, 10, 6, thin)).toEqual(line)
  })
})

describe('erode', () => {
  it('takes what lies outside of the image for set', () => {
    expect([...erode(new Uint8Array(12).fill(1), 4, 3)]).toEqual(Array<number>(12).fill(1))
    const at = (mask: Uint8Array, width: number, height: number) => {
      const read = reader(mask, width, height, 1)
      return mask.map((_, i) => {
        const [x, y] = [i % width, Math.floor(i / width)]
        return read(x, y) & read(x - 1, y) & read(x + 1, y) & read(x, y - 1) & read(x, y + 1)
      })
    }
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        expect(erode(mask, width, height)).toEqual(at(mask, width, height))
      }),
    )
  })
})

describe('dropSmall', () => {
  it('keeps 41 pixels and drops 40; diagonal neighbours are one component', () => {
    const mask = new Uint8Array(100 * 4)
    mask.fill(1, 0, 40) // 40 and, diagonally below, one more
    mask[140] = 1
    mask.fill(1, 250, 290) // 40 alone
    expect(dropSmall(mask, 100, 4)).toBe(true)
    expect(mask.reduce((sum, set) => sum + set, 0)).toBe(41)
    expect(dropSmall(new Uint8Array(400), 100, 4)).toBe(false)
  })
})

describe('hysteresis', () => {
  it('is strict at both thresholds, goes through diagonals, and takes NaN for nothing', () => {
    const edges = Float64Array.from(
      [
        [0.31, 0.05, 0.3, 0.1],
        [0.05, 0.0901, 0.05, 0.1],
        [0.09, NaN, 0.05, 0.1],
      ].flat(),
    )
    expect([...hysteresis(edges, 4, 3)]).toEqual([1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1])
    edges[0] = 0.3
    expect([...hysteresis(edges, 4, 3)]).toEqual(Array<number>(12).fill(0))
  })
})

describe('trimBorder', () => {
  it('goes left, right, top, bottom, each on what the one before left', () => {
    // Left: rows 0 and 2 lose their first. Right: row 1 its last. Top and bottom: those that are then alone above or below.
    const mask = Uint8Array.from(
      [
        [1, 0, 1, 1],
        [1, 1, 0, 1],
        [1, 0, 1, 1],
      ].flat(),
    )
    trimBorder(mask, 4, 3)
    expect([...mask]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
  })
})
