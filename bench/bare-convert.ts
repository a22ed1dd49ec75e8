/** What one would write without longhaul: a Fastify with sharp. Started by actions.ts with the folder of its objects. */
import { fastify } from 'fastify'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'

const [, , folder = ''] = process.argv
const app = fastify()
const body = {
  type: 'object',
  required: ['source_uri', 'target_format'],
  properties: {
    source_uri: { type: 'string', pattern: '^s3://[^/]+/[^/]+$' },
    target_format: { enum: ['jpeg', 'png', 'webp'] },
  },
}

interface Wanted {
  readonly source_uri: string
  readonly target_format: 'jpeg' | 'png' | 'webp'
}
app.post<{ Body: Wanted }>('/media/image/convert', { schema: { body } }, async (request, reply) => {
  const { source_uri: uri, target_format: format } = request.body
  const bytes = await readFile(path.join(folder, path.basename(uri)))
  const image = sharp(bytes, { limitInputPixels: 64_000_000, failOn: 'truncated' })
  const converted = await image.toFormat(format, { quality: 75 }).toBuffer()
  return reply.type(`image/${format}`).send(converted)
})

console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
