import { createHash } from 'node:crypto'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import type { JobParams } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { file } from '../processor/index.ts'
import { stageInputs, type StageOptions } from './stage-inputs.ts'

let folder: string
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-stage-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const description = {
  name: 'look',
  input: z.toJSONSchema(z.object({ image: file() })),
} as unknown as ProcessorDescription

// Small ones are copied at once, larger ones as a stream.
it.each([0, 1000, 256 * 1024, 256 * 1024 + 1, 3_000_000])(
  'puts a local file of %i bytes into the workspace, with its size and digest',
  async (size) => {
    const source = path.join(folder, 'image.bin')
    const bytes = Buffer.alloc(size, 'abc')
    await writeFile(source, bytes)
    const uri = pathToFileURL(source).href
    const params = { input: { image: { uri, name: 'image.bin' } } } as unknown as JobParams
    const { inputs } = await stageInputs(params, description, {
      workspace: path.join(folder, 'work'),
      inputRoots: [folder],
      signal: new AbortController().signal,
    } as unknown as StageOptions)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(inputs).toMatchObject([{ size, sha256 }])
    expect((await readFile(inputs[0]?.path ?? '')).equals(bytes)).toBe(true)
  },
)
