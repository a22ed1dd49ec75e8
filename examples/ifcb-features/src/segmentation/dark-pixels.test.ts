import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { darkPixels } from './dark-pixels.ts'
import { literalDarkPixels } from './literal-dark-pixels.fixture.ts'

const agrees = (pixels: Uint8Array, width: number, height: number) =>
  expect([...darkPixels(pixels, width, height)]).toEqual(literalDarkPixels(pixels, width, height))

const greys = fc.oneof(
  fc.constant([0, 255]),
  fc.constant([100, 127]), // all nearer to 0: a cluster is empty
  fc.constant([128, 200, 255]), // all nearer to 1
  fc.constant([127, 128]),
  fc.constant([153, 204]), // 153 is 3/4 of 204
  fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 }),
)

describe('darkPixels', () => {
  it('agrees with the specification, pixel by pixel, on images of few greys', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 2, max: 9 }),
        greys,
        fc.array(fc.nat(1000), { minLength: 81, maxLength: 81 }),
        (width, height, palette, picks) => {
          const pixels = Uint8Array.from(
            { length: width * height },
            (_, i) => palette[picks[i]! % palette.length]!,
          )
          agrees(pixels, width, height)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('agrees with it on images of many greys', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 300, maxLength: 300 }),
        fc.integer({ min: 0, max: 200 }),
        (noise, ground) => {
          agrees(
            noise.map((value) => ground + (value % (256 - ground))),
            20,
            15,
          )
        },
      ),
      { numRuns: 40 },
    )
  })

  it.each([0, 1, 51, 127, 128, 200, 255])('agrees with it where all is %d', (grey) => {
    agrees(new Uint8Array(77).fill(grey), 7, 11)
  })

  it('agrees with it on a checkerboard, and on one pixel that differs', () => {
    agrees(
      Uint8Array.from({ length: 64 }, (_, i) => (((i >> 3) + i) % 2) * 255),
      8,
      8,
    )
    agrees(new Uint8Array(64).fill(180).with(63, 179), 8, 8)
    agrees(new Uint8Array(64).fill(90).with(0, 91), 8, 8)
  })

  it('takes exactly three quarters of the darkest bright pixel for dark', () => {
    // In float32 204/255 * 0.75 rounds to what 153/255 is.
    expect(Math.fround(Math.fround(204 / 255) * 0.75)).toBe(Math.fround(153 / 255))
    const pixels = new Uint8Array(100).fill(204)
    for (let i = 0; i < 30; i++) pixels[i] = 153
    for (let i = 30; i < 60; i++) pixels[i] = 154
    const dark = darkPixels(pixels, 10, 10)
    expect([dark[0], dark[30], dark[60]]).toEqual([1, 0, 0])
    agrees(pixels, 10, 10)
  })
})
