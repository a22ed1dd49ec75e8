import { defineProcessor, file, action, z } from 'longhaul'
import sharp from 'sharp'
const width = z.int().min(16).max(4096).default(256).describe('pixels')
const shrink = (path: string, w: number) => sharp(path).resize(w).webp().toBuffer()
export default defineProcessor({
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
