import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { patterned, read } from '../conformance/bytes.conformance.ts'
import { openStore } from './crash.fixture.ts'

const program = path.join(import.meta.dirname, 'completing.fixture.ts')

it('makes one object of an upload that several processes complete at once', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-two-'))
  try {
    const store = await openStore(folder)
    for (let round = 0; round < 3; round++) {
      const key = `a/${round}`
      const isInPlace = round === 1
      const partBytes = 2_000_000
      const upload = { key, uploadId: await store.begin(key, isInPlace ? { partBytes } : {}) }
      const bodies = [1, 2, 3, 4, 5].map((seed) =>
        patterned(isInPlace ? partBytes : partBytes + seed, seed),
      )
      const parts = []
      // One that comes again with other bytes is put into its place at completion.
      await store.putPart(upload, 3, bodies[0] ?? Buffer.alloc(0))
      for (const [n, body] of bodies.entries()) parts.push(await store.putPart(upload, n + 1, body))
      const args = [
        '--conditions=longhaul-source',
        program,
        folder,
        JSON.stringify({ upload, parts }),
      ]
      const answers = await Promise.all(
        [1, 2, 3].map(() => promisify(execFile)(process.execPath, args)),
      )
      const here = await store.complete(upload, parts)
      for (const { stdout } of answers) expect(JSON.parse(stdout)).toEqual(here.etag)
      expect((await read(store, key)).equals(Buffer.concat(bodies))).toBe(true)
    }
    for await (const open of store.listUploads('')) expect(open).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true })
  }
})
