import { action, defineProcessor, file, renderBytes, z } from 'longhaul'
import { convert } from './convert.ts'

const input = {
  source_uri: file('image/*').describe('`s3://bucket/key`, an upload, or a file of a form'),
  target_format: z
    .string()
    .regex(/^[A-Za-z0-9]+$/)
    .describe('png, jpeg, webp, tiff, gif, avif, bmp'),
  mode: z.string().nullish().describe('RGB, RGBA, L, LA, 1, P or CMYK; as it is when left out'),
}

/** Any image in another format: at once, or with `Prefer: respond-async` as a job. */
export default defineProcessor({
  name: 'image-convert',
  version: '1.0.0',
  input,
  output: { image: file('image/*') },
  actions: {
    convert: action({
      path: '/media/image/convert',
      summary: 'An image in another format',
      tags: ['system B'],
      input,
      maxBytes: '64 MiB',
      timeout: '30 s',
      respondAsync: true,
      run: async ({ input }) => {
        const { bytes, mediaType } = await convert(input.source_uri.path, input)
        return renderBytes(bytes, mediaType)
      },
    }),
  },
  async run({ input, outputs }) {
    const { bytes, mediaType, extension } = await convert(input.source_uri.path, input)
    const name = `${input.source_uri.stem}.${extension}`
    return { image: await outputs.write(name, bytes, { mediaType }) }
  },
})
