import fc from 'fast-check'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { encodePng } from './png.ts'

it('writes grey PNGs that another decoder reads back byte for byte', async () => {
  const image = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
    .chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        pixels: fc.uint8Array({ minLength: width * height, maxLength: width * height }),
      }),
    )
  await fc.assert(
    fc.asyncProperty(image, async ({ width, height, pixels }) => {
      const png = encodePng({ width, height, pixels })
      const metadata = await sharp(png).metadata()
      expect(metadata).toMatchObject({ format: 'png', width, height, channels: 1, depth: 'uchar' })
      const decoded = await sharp(png).extractChannel(0).raw().toBuffer()
      expect(Buffer.compare(decoded, pixels)).toBe(0)
    }),
    { numRuns: 60 },
  )
})
