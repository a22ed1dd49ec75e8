import { action, ActionError, defineService, z } from 'longhaul'
import sharp from 'sharp'

const maxPixels = 16_000_000
const maxSide = 65_000

/** A service that only answers at once: no jobs, no queue, nothing stored. */
export default defineService({
  name: 'grayscale',
  version: '1.0.0',
  description: 'Base64 in, grey PNG as base64 out',
  actions: {
    grayscale: action({
      path: '/image/grayscale',
      summary: 'A grey PNG of an image',
      input: { image_b64: z.string().min(1) },
      output: { grayscale_b64: z.string() },
      run: async ({ input }) => {
        const bytes = decode(input.image_b64)
        try {
          const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata()
          if (width * height > maxPixels || Math.max(width, height) > maxSide)
            throw new ActionError(
              413,
              `The image has ${width} x ${height} pixels; at most ${maxPixels} in all and ${maxSide} on a side are read`,
            )
          const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated' })
          const { data, info } = await image
            .toColourspace('srgb')
            .removeAlpha()
            .raw()
            .toBuffer({ resolveWithObject: true })
          const grey = greyOf(data, info.channels)
          const raw = { width: info.width, height: info.height, channels: 1 } as const
          const png = await sharp(grey, { raw }).toColourspace('b-w').png().toBuffer()
          return { grayscale_b64: png.toString('base64') }
        } catch (error) {
          if (error instanceof ActionError) throw error
          throw new ActionError(
            400,
            `Cannot read the image: ${(error as Error).message.split('\n')[0]}`,
          )
        }
      },
    }),
  },
})

/** `data:` URLs are what browsers have at hand. */
function decode(text: string): Buffer {
  const base64 = text.replace(/^data:[^,]*;base64,/, '').replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) throw new ActionError(400, 'image_b64 is no base64')
  const bytes = Buffer.from(base64, 'base64')
  const isMarkup = /^\s*</.test(bytes.toString('latin1', 0, 64))
  if (isMarkup) throw new ActionError(400, 'Cannot read the image: it is markup')
  return bytes
}

/** ITU-R 601-2 in whole numbers. */
function greyOf(data: Buffer, channels: number): Buffer {
  if (channels === 1) return data
  const grey = Buffer.alloc(data.length / channels)
  for (let from = 0, to = 0; to < grey.length; from += channels, to++)
    grey[to] =
      ((data[from] ?? 0) * 19595 +
        (data[from + 1] ?? 0) * 38470 +
        (data[from + 2] ?? 0) * 7471 +
        0x8000) >>
      16
  return grey
}
