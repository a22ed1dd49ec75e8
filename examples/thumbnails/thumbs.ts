import { defineProcessor, file, z } from 'longhaul'
import sharp from 'sharp'
export default defineProcessor({
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
