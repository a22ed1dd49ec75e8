import { createClient } from '@longhaul/client'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import type { Check, Part } from './part.ts'
import { difference, drawCells, greyOf, height, width, type Difference } from './picture.ts'

const examples = path.resolve(import.meta.dirname, '../..')
const readme = path.join(examples, 'actions/README.md')
const bmpHeaderBytes = 54

export const directActions: Part = {
  title: 'Direct actions: image-convert and grayscale',
  readme,
  serves: [
    path.join(examples, 'image-convert/image-convert.ts'),
    path.join(examples, 'grayscale/grayscale.ts'),
  ],

  async prepare(folder, url) {
    const file = path.join(folder, 'cells.png')
    await sharp(drawCells(), { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file)
    await copyFile(readme, path.join(folder, 'README.md'))
    const bytes = new Uint8Array(await readFile(file))
    const { uri = '' } = await createClient({ url }).upload(new File([bytes], 'cells.png'))
    return { URI: uri }
  },

  async check(folder, url) {
    const read = (name: string) => readFile(path.join(folder, name)).catch(() => Buffer.alloc(0))
    const cells = drawCells()
    const grey = greyOf(cells)
    const json = async (name: string) =>
      JSON.parse(String(await read(name))) as Record<string, unknown>
    const greyPng = Buffer.from(String((await json('grey.json'))['grayscale_b64']), 'base64')
    const job = await createClient({ url }).waitForJob(String((await json('job.json'))['job_id']))
    const pixels = width * height
    return [
      same(
        `cells.tiff has all ${pixels} pixels as they were drawn`,
        await compared(await read('cells.tiff'), cells),
      ),
      alike('cells.jpg', await compared(await read('cells.jpg'), cells)),
      alike('cells.webp', await compared(await read('cells.webp'), cells)),
      same(
        `grey.bmp has all ${pixels} grey values, to the bit`,
        inBmp(await read('grey.bmp'), grey),
      ),
      same('grey.json has the same ones as PNG in base64', await compared(greyPng, grey)),
      {
        says: 'what is no image was refused, with a sentence',
        holds: /Cannot read the image/.test(String((await json('refused.json'))['detail'])),
      },
      {
        says: `the job ${job.status}, and made ${job.outputs.map(({ name }) => name).join(', ') || 'nothing'}`,
        holds: job.status === 'completed' && job.outputs.length === 1,
      },
    ]
  },

  async corrupt(folder) {
    const file = path.join(folder, 'grey.bmp')
    const bytes = await readFile(file)
    bytes[bmpHeaderBytes] = (bytes[bmpHeaderBytes] ?? 0) ^ 1
    await writeFile(file, bytes)
  },
}

const same = (says: string, { largest }: Difference): Check => ({ says, holds: largest === 0 })

/** What loses detail may be off at an edge, and hardly elsewhere. */
const alike = (name: string, { mean }: Difference): Check => ({
  says: `${name} is the same picture: its values differ by ${mean.toFixed(1)} of 255 on average`,
  holds: mean < 5,
})

const nothingAlike: Difference = { largest: 255, mean: 255 }

/** The pixels of an image with those that were drawn. */
async function compared(image: Buffer, drawn: Buffer): Promise<Difference> {
  try {
    const read = sharp(image)
    if (drawn.length === width * height) {
      if ((await read.metadata()).channels !== 1) return nothingAlike
      read.toColourspace('b-w')
    }
    const { data, info } = await read.raw().toBuffer({ resolveWithObject: true })
    return info.width === width && info.height === height ? difference(data, drawn) : nothingAlike
  } catch {
    return nothingAlike
  }
}

/** Read by hand: rows from below, three equal bytes a pixel, padded to four. */
function inBmp(bytes: Buffer, grey: Buffer): Difference {
  const rowBytes = Math.ceil((width * 3) / 4) * 4
  const data = Buffer.alloc(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = bmpHeaderBytes + (height - 1 - y) * rowBytes + x * 3
      const [blue, green, red] = bytes.subarray(at, at + 3)
      if (blue === undefined || blue !== green || green !== red) return nothingAlike
      data[y * width + x] = blue
    }
  return difference(data, grey)
}
