import { createClient } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import type { Check, Part } from './part.ts'
import { drawCells, greyOf, height, largestDifference, width } from './picture.ts'

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
    await sharp(drawCells(), { raw: { width, height, channels: 3 } }).png().toFile(file)
    await copyFile(readme, path.join(folder, 'README.md'))
    const { uri = '' } = await createClient({ url }).upload(await fileSource(file))
    return { URI: uri }
  },

  async check(folder, url) {
    const read = (name: string) => readFile(path.join(folder, name)).catch(() => Buffer.alloc(0))
    const cells = drawCells()
    const grey = greyOf(cells)
    const json = async (name: string) => JSON.parse(String(await read(name))) as Record<string, unknown>
    const greyPng = Buffer.from(String((await json('grey.json'))['grayscale_b64']), 'base64')
    const job = await createClient({ url }).waitForJob(String((await json('job.json'))['job_id']))
    const jpeg = await differs(await read('cells.jpg'), cells)
    const webp = await differs(await read('cells.webp'), cells)
    const pixels = width * height
    return [
      sentence(`cells.tiff has all ${pixels} pixels as they were drawn`, await differs(await read('cells.tiff'), cells), 0),
      sentence('cells.jpg is the same picture', jpeg, 40),
      sentence('cells.webp is the same picture', webp, 40),
      sentence(`grey.bmp has all ${pixels} grey values, to the bit`, inBmp(await read('grey.bmp'), grey), 0),
      sentence(`grey.json has the same ones as PNG in base64`, await differs(greyPng, grey), 0),
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

const sentence = (says: string, difference: number, allowed: number): Check => ({
  says: allowed === 0 ? says : `${says}: no pixel differs by more than ${difference} of 255`,
  holds: difference <= allowed,
})

/** Of the pixels of an image from those that were drawn; of a whole range where they are not even as many. */
async function differs(image: Buffer, drawn: Buffer): Promise<number> {
  try {
    const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true })
    return info.width === width && info.height === height ? largestDifference(data, drawn) : 255
  } catch {
    return 255
  }
}

/** Read by hand: rows from below, three equal bytes a pixel, padded to four. */
function inBmp(bytes: Buffer, grey: Buffer): number {
  const rowBytes = Math.ceil((width * 3) / 4) * 4
  const data = Buffer.alloc(width * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = bmpHeaderBytes + (height - 1 - y) * rowBytes + x * 3
      const [blue, green, red] = bytes.subarray(at, at + 3)
      if (blue === undefined || blue !== green || green !== red) return 255
      data[y * width + x] = blue
    }
  return largestDifference(data, grey)
}
