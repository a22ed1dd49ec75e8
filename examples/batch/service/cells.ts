import { readFile } from 'node:fs/promises'
import { defineProcessor, file, PermanentError, z } from 'longhaul'

/**
 * Counts the bright pixels of a grey image (PGM). Like much code for images it believes the header: one that promises
 * more pixels than there is memory is a bomb.
 */
export default defineProcessor({
  name: 'cells',
  version: '1.0.0',
  input: { image: file('image/x-portable-graymap'), threshold: z.int().min(1).default(128) },
  output: { bright: z.int(), mask: file('image/x-portable-bitmap') },
  resources: { memory: '400 MB' },
  timeout: '1 min',
  async run({ input, outputs }) {
    const bytes = await readFile(input.image.path)
    const header = /^P5\n(\d+) (\d+)\n255\n/.exec(bytes.toString('latin1', 0, 32))
    if (header === null) throw new PermanentError('not a PGM')
    const [width, height] = [Number(header[1]), Number(header[2])]
    const pixels = Buffer.alloc(width * height, 0xff)
    bytes.copy(pixels, 0, header[0].length)
    const mask = pixels.map((value) => (value >= input.threshold ? 1 : 0))
    const bright = mask.reduce((sum, one) => sum + one, 0)
    const text = `P1\n${width} ${height}\n${mask.join(' ')}\n`
    return { bright, mask: await outputs.write('mask.pbm', text) }
  },
})
