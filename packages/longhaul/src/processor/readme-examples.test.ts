import { expect, it } from 'vitest'
import { action, defineProcessor, file, z } from '../index.ts'

// Stands for an image library; the examples below are those of the documentation, word for word.
const sharp = (path: string) => ({
  resize: (_width: number) => ({
    webp: () => ({ toBuffer: () => Promise.resolve(Buffer.from(path)) }),
  }),
})

it('type-checks the first processor that people see', () => {
  const thumbnail = defineProcessor({
    name: 'thumbnail',
    input: { image: file('image/*'), width: z.int().default(256) },
    output: { thumbnail: file('image/webp') },
    run: async ({ input, outputs }) => ({
      thumbnail: await outputs.write(
        'thumb.webp',
        await sharp(input.image.path).resize(input.width).webp().toBuffer(),
      ),
    }),
  })
  expect(thumbnail.name).toBe('thumbnail')
})

it('type-checks the example with many images and an action', () => {
  const width = z.int().min(16).max(4096).default(256).describe('pixels')
  const shrink = (path: string, w: number) => sharp(path).resize(w).webp().toBuffer()
  const thumbnails = defineProcessor({
    name: 'thumbnails',
    version: '1.2.0',
    input: { images: file('image/*').many(), width },
    output: { made: z.int(), skipped: z.array(z.string()) },
    actions: {
      preview: action({
        input: { image: file('image/*'), width },
        output: file('image/webp'),
        run: ({ input }) => shrink(input.image.path, input.width),
      }),
    },
    async run({ input, track, outputs, log }) {
      const skipped: string[] = []
      for await (const image of track(input.images, 'images')) {
        try {
          await outputs.write(`${image.stem}.webp`, await shrink(image.path, input.width))
        } catch (cause) {
          log.warn('not an image', { file: image.name, cause })
          skipped.push(image.name)
        }
      }
      return { made: input.images.length - skipped.length, skipped }
    },
  })
  expect(thumbnails.version).toBe('1.2.0')
})
