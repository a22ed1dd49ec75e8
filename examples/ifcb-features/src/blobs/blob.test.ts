import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areasOf, fillHoles, findComponents } from '../segmentation/components.ts'
import { findBlobs, outlineOf } from './blob.ts'

/** A picture in characters: # is set. */
export function draw(...rows: string[]) {
  const width = rows[0]!.length
  const mask = Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0))
  return { mask, width, height: rows.length }
}

const masks = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 10 }), fc.nat(10))
  .chain(([width, height, share]) =>
    fc.array(fc.nat(10), { minLength: width * height, maxLength: width * height }).map((noise) => ({
      width,
      height,
      mask: Uint8Array.from(noise, (value) => (value < share ? 1 : 0)),
    })),
  )

/** A component for each pixel of a value, by flooding; -1 for the others. */
function flood(mask: Uint8Array, width: number, height: number, value: number, eight: boolean) {
  const label = new Int32Array(mask.length).fill(-1)
  let count = 0
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] !== value || label[seed] !== -1) continue
    const stack = [seed]
    label[seed] = count
    while (stack.length > 0) {
      const at = stack.pop()!
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          if (!eight && dx !== 0 && dy !== 0) continue
          const [x, y] = [(at % width) + dx, Math.floor(at / width) + dy]
          if (x < 0 || y < 0 || x >= width || y >= height) continue
          const to = y * width + x
          if (mask[to] !== value || label[to] !== -1) continue
          label[to] = count
          stack.push(to)
        }
    }
    count++
  }
  return { label, count }
}

describe('findComponents', () => {
  it.each([
    [1, 1],
    [1, 0],
    [0, 0],
  ] as const)('agrees with flooding: pixels of %d, reach %d', (value, reach) => {
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        const runs = findComponents(mask, width, height, value, reach)
        const { label, count } = flood(mask, width, height, value, reach === 1)
        const seen = new Int32Array(mask.length).fill(-1)
        for (let run = 0; run < runs.count; run++)
          seen.fill(
            runs.component[run]!,
            runs.y[run]! * width + runs.first[run]!,
            runs.y[run]! * width + runs.end[run]!,
          )
        expect(seen).toEqual(label)
        expect(runs.components).toBe(count)
        expect(areasOf(runs).reduce((a, b) => a + b, 0)).toBe(
          mask.filter((v) => v === value).length,
        )
      }),
    )
  })
})

describe('fillHoles', () => {
  it('fills what 4-neighbours do not join to the outside: a diagonal gap leaks nothing', () => {
    const { mask, width, height } = draw('.##..', '#..#.', '#..#.', '.##..')
    fillHoles(mask, width, height)
    expect(mask).toEqual(draw('.##..', '####.', '####.', '.##..').mask)
    const open = draw('.#.#.', '#..#.', '.##..')
    const before = open.mask.slice()
    fillHoles(open.mask, open.width, open.height)
    expect(open.mask).toEqual(before)
  })
})

describe('findBlobs', () => {
  it('orders equal areas by left, then top, then the raster order of the first pixel', () => {
    const picture = draw(
      '....##..#',
      '#.#......',
      '#...##...',
      '..#......',
      '.#.......',
      '......###',
    )
    const blobs = findBlobs(picture.mask, picture.width, picture.height)
    expect(blobs.map(({ area, left, top }) => [area, left, top])).toEqual([
      [3, 6, 5],
      [2, 0, 1],
      [2, 1, 3],
      [2, 4, 0],
      [2, 4, 2],
      [1, 2, 1],
      [1, 8, 0],
    ])
    expect(blobs[2]).toMatchObject({ width: 2, height: 2, mask: Uint8Array.of(0, 1, 1, 0) })
  })

  it('cuts out a blob without the pixels of another in its box', () => {
    const picture = draw('#####', '#....', '#.##.', '#....')
    const [largest] = findBlobs(picture.mask, 5, 4)
    expect(largest!.mask).toEqual(draw('#####', '#....', '#....', '#....').mask)
  })

  it('covers the mask exactly', () => {
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        const again = new Uint8Array(mask.length)
        for (const blob of findBlobs(mask, width, height))
          for (const [i, set] of blob.mask.entries())
            again[
              (blob.top + Math.floor(i / blob.width)) * width + blob.left + (i % blob.width)
            ]! += set
        expect(again).toEqual(mask)
      }),
    )
  })
})

describe('outlineOf', () => {
  it('keeps pixels with a 4-neighbour outside', () => {
    const square = draw('####', '####', '####', '####')
    expect(outlineOf({ ...square, area: 16, left: 0, top: 0 })).toEqual(
      draw('####', '#..#', '#..#', '####').mask,
    )
  })
})
