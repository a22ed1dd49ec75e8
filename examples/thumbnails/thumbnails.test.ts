import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startService } from '../demo-kit/service.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'thumbnails-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#2a6' } })
    .png()
    .toBuffer()

async function withService(
  file: string,
  use: (url: string) => Promise<void>,
  python?: string,
): Promise<void> {
  const service = await startService([path.join(import.meta.dirname, file)], {
    dataDir: path.join(folder, 'data'),
    ...(python === undefined ? {} : { python }),
  })
  try {
    await use(service.url)
  } finally {
    expect(await service.stop()).toEqual([])
  }
}

async function shrunk(url: string) {
  const form = new FormData()
  form.append('image', new Blob([await picture(400, 200)]), 'cat.png')
  form.append('width', '128')
  const response = await fetch(`${url}/processors/thumbnail/run`, { method: 'POST', body: form })
  expect(response.status).toBe(200)
  return sharp(Buffer.from(await response.arrayBuffer())).metadata()
}

it('thumbs.ts answers the small image itself', async () => {
  await withService('thumbs.ts', async (url) => {
    expect(await shrunk(url)).toMatchObject({ format: 'webp', width: 128, height: 64 })
  })
})

// The system's Python may have Pillow where another one comes first on PATH.
const withPillow = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import PIL']).status === 0,
)
if (withPillow === undefined) console.warn('thumbs.py skipped: no Python here has Pillow')
it.skipIf(withPillow === undefined)('thumbs.py does the same', async () => {
  const small = { format: 'webp', width: 128, height: 64 }
  await withService(
    'thumbs.py',
    async (url) => expect(await shrunk(url)).toMatchObject(small),
    withPillow,
  )
})

it('thumbnails.ts shrinks many images and says what it skipped', async () => {
  await withService('thumbnails.ts', async (url) => {
    const form = new FormData()
    form.append('images', new Blob([await picture(300, 300)]), 'one.png')
    form.append('images', new Blob(['no image']), 'notes.txt')
    form.append('images', new Blob([await picture(64, 32)]), 'two.png')
    form.append('width', '32')
    const response = await fetch(`${url}/processors/thumbnails/run`, {
      method: 'POST',
      body: form,
    })
    expect(response.status).toBe(200)
    const job = (await response.json()) as { result: unknown; outputs: { name: string }[] }
    expect(job.result).toEqual({ made: 2, skipped: ['notes.txt'] })
    expect(job.outputs.map(({ name }) => name).sort()).toEqual(['one.webp', 'two.webp'])
  })
})
