import { readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { cutOut, drawSample } from '../../remove-background/pictures.ts'
import { startStandIn, type StandIn } from '../../remove-background/stand-in.ts'
import type { Check, Part } from './part.ts'

const folderOfExample = path.resolve(import.meta.dirname, '../../remove-background')
const key = 'a-key-of-the-demo'
let standIn: StandIn | undefined

export const assetOperations: Part = {
  title: 'An asset operation: remove-background',
  readme: path.join(folderOfExample, 'README.md'),
  serves: [path.join(folderOfExample, 'remove-background.ts')],

  async open() {
    const api = await startStandIn({ key })
    standIn = api
    return {
      settings: {
        ASSET_API_URL: api.url,
        ASSET_API_KEY: key,
        LONGHAUL_OUTBOUND_ALLOW: new URL(api.url).host,
      },
      stop: () => api.stop(),
    }
  },

  prepare: () => Promise.resolve({ PICTURES: `${standIn?.url}/samples` }),

  async check(folder) {
    const read = (name: string) => readFile(path.join(folder, name)).catch(() => Buffer.alloc(0))
    const status = JSON.parse(String(await read('status.json'))) as Status
    const flows = Object.values(status.results)
    const zip = await read('both.zip')
    return [
      {
        says: 'apple.png is what the stand-in cuts out, pixel for pixel',
        holds: await isCutOut(await read('apple.png'), 'apple'),
      },
      {
        says: 'both.zip has one that succeeded and manifest.json, and leaves out the one that is not there',
        holds: zip.includes('manifest.json') && zip.includes('image_1') && !zip.includes('image_2'),
      },
      {
        says: `${status.success_count} of ${status.total_count} jobs completed, each with a picture that is right`,
        holds: flows.length === 2 && (await areRight(flows)),
      },
      {
        says: `${standIn?.charged()} pictures are on the bill: one for each answer`,
        holds: standIn?.charged() === 4,
      },
    ] satisfies readonly Check[]
  },
}

interface Flow {
  readonly original_url: string
  readonly processed_url: string
}
interface Status {
  readonly total_count: number
  readonly success_count: number
  readonly results: Readonly<Record<string, Flow>>
}

async function areRight(flows: readonly Flow[]): Promise<boolean> {
  const right = flows.map(async ({ original_url: from, processed_url: url }) => {
    const answer = await fetch(url)
    return isCutOut(Buffer.from(await answer.arrayBuffer()), path.basename(from, '.png'))
  })
  return (await Promise.all(right)).every(Boolean)
}

async function isCutOut(png: Buffer, sample: string): Promise<boolean> {
  const pixels = (image: Buffer) => sharp(image).raw().toBuffer()
  try {
    return (await pixels(png)).equals(await pixels(await cutOut(await drawSample(sample))))
  } catch {
    return false
  }
}
