import fc from 'fast-check'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { StoreUnderTest } from './store-under-test.ts'
import type { Part, Storage, UploadRef } from '../object-store.ts'
import { breakingOff, patterned, read, sha256Of } from './bytes.conformance.ts'

const begin = async (storage: Storage, key: string): Promise<UploadRef> => ({
  key,
  uploadId: await storage.begin(key),
})

async function openUploads(storage: Storage, prefix: string): Promise<string[]> {
  const ids = []
  for await (const { uploadId } of storage.listUploads(prefix)) ids.push(uploadId)
  return ids
}

export function multipartConformance(fresh: () => StoreUnderTest): void {
  /** Bytes of a part that is not the last one. */
  const partOf = ({ limits }: Storage, seed: number) => patterned(limits.minPartBytes + 999, seed)

  it('makes one object of parts that came in any order, several at once', async () => {
    const { storage, key } = fresh()
    const upload = { key: key('a'), uploadId: await storage.begin(key('a'), { mediaType: 'a/b' }) }
    const bodies = [1, 2, 3, 4].map((seed) => partOf(storage, seed))
    const sent: Part[] = await Promise.all(
      [3, 1, 4, 2].map((n) => storage.putPart(upload, n, bodies[n - 1] ?? Buffer.from(''))),
    )
    expect(await storage.head(key('a'))).toBeUndefined()
    const parts = await storage.listParts(upload)
    expect(parts.map((part) => part.partNumber)).toEqual([1, 2, 3, 4])
    expect(parts.map((part) => part.etag).sort()).toEqual(sent.map((part) => part.etag).sort())
    expect(parts.every((part) => /^"[^"]+"$/.test(part.etag))).toBe(true)

    const whole = Buffer.concat(bodies)
    const info = await storage.complete(upload, parts, { sha256: sha256Of(whole) })
    expect(info).toMatchObject({ key: key('a'), size: whole.length, mediaType: 'a/b' })
    expect([undefined, sha256Of(whole)]).toContain(info.sha256)
    expect(await storage.head(key('a'))).toEqual(info)
    expect((await read(storage, key('a'))).equals(whole)).toBe(true)
    expect(await openUploads(storage, key(''))).toEqual([])
  })

  it('answers the same again, and no other parts make another object', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const parts = [
      await storage.putPart(upload, 1, partOf(storage, 1)),
      await storage.putPart(upload, 2, partOf(storage, 2)),
    ]
    const info = await storage.complete(upload, parts)
    const again = await storage.complete(upload, parts).catch((error: unknown) => error)
    // A store that forgets finished uploads says so; then head tells.
    if (again instanceof Error) expect(again).toMatchObject({ code: 'upload-not-found' })
    else expect(again).toEqual(info)
    await expect(storage.complete(upload, parts.slice(0, 1))).rejects.toMatchObject({
      name: 'LonghaulError',
    })
    expect(await storage.head(key('a'))).toEqual(info)
    await expect(storage.listParts(upload)).rejects.toMatchObject({ code: 'upload-not-found' })
    await expect(storage.putPart(upload, 1, partOf(storage, 3))).rejects.toMatchObject({
      name: 'LonghaulError',
    })
    await storage.abort(upload)
    expect(await storage.head(key('a'))).toEqual(info)
  })

  it('gives one answer to completions at the same moment', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const bodies = [1, 2, 3].map((seed) => partOf(storage, seed))
    const parts: Part[] = []
    for (const [n, body] of bodies.entries()) parts.push(await storage.putPart(upload, n + 1, body))
    const infos = await Promise.all([1, 2, 3].map(() => storage.complete(upload, parts)))
    expect(new Set(infos.map((info) => info.etag)).size).toBe(1)
    expect((await read(storage, key('a'))).equals(Buffer.concat(bodies))).toBe(true)
  })

  it('replaces a part; its former tag is worth nothing', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const old = await storage.putPart(upload, 1, Buffer.from('old'))
    const now = await storage.putPart(upload, 1, Buffer.from('newer'))
    expect(await storage.listParts(upload)).toHaveLength(1)
    await expect(storage.complete(upload, [old])).rejects.toMatchObject({ code: 'invalid-part' })
    await storage.complete(upload, [now])
    expect(String(await read(storage, key('a')))).toBe('newer')
  })

  it('keeps the part that was there when a new one breaks off or has another size', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const old = await storage.putPart(upload, 1, Buffer.from('old'), { sizeBytes: 3 })
    await expect(storage.putPart(upload, 1, breakingOff(patterned(99)))).rejects.toThrow('broke')
    for (const sizeBytes of [0, 98, 100]) {
      const wrong = storage.putPart(upload, 1, Readable.from([patterned(99)]), { sizeBytes })
      await expect(wrong).rejects.toMatchObject({ code: 'invalid-part' })
    }
    const stop = AbortSignal.abort(new Error('stopped'))
    await expect(storage.putPart(upload, 1, patterned(9), { signal: stop })).rejects.toThrow()
    expect((await storage.listParts(upload)).map((part) => part.etag)).toEqual([old.etag])
    await storage.complete(upload, [old])
    expect(String(await read(storage, key('a')))).toBe('old')
  })

  it('refuses parts that it does not have, and goes on', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const part = await storage.putPart(upload, 1, Buffer.from('one'))
    const invalid = { code: 'invalid-part' }
    const other = { partNumber: 2, etag: part.etag }
    await expect(storage.complete(upload, [part, other])).rejects.toMatchObject(invalid)
    await expect(storage.complete(upload, [])).rejects.toMatchObject(invalid)
    await expect(storage.complete(upload, [part, part])).rejects.toMatchObject(invalid)
    for (const n of [0, -1, 1.5, storage.limits.maxParts + 1])
      await expect(storage.putPart(upload, n, Buffer.from('x'))).rejects.toMatchObject(invalid)
    expect(await storage.head(key('a'))).toBeUndefined()
    await storage.complete(upload, [part])
  })

  it('refuses a wrong SHA-256 of the whole, and goes on', async () => {
    const { storage, key } = fresh()
    const body = [partOf(storage, 1), Buffer.from('tail')]
    for (const [name, bodies] of Object.entries({ one: body.slice(0, 1), two: body })) {
      const upload = await begin(storage, key(name))
      const parts = []
      for (const [n, bytes] of bodies.entries())
        parts.push(await storage.putPart(upload, n + 1, bytes))
      const wrong = storage.complete(upload, parts, { sha256: '0'.repeat(64) })
      await expect(wrong).rejects.toMatchObject({ code: 'checksum-mismatch' })
      expect(await storage.head(key(name))).toBeUndefined()
      const whole = Buffer.concat(bodies)
      await storage.complete(upload, parts, { sha256: sha256Of(whole) })
      expect((await read(storage, key(name))).equals(whole)).toBe(true)
    }
  })

  it('takes an empty file as one empty part', async () => {
    const { storage, key } = fresh()
    const upload = await begin(storage, key('a'))
    const part = await storage.putPart(upload, 1, new Uint8Array(), { sizeBytes: 0 })
    expect((await storage.complete(upload, [part])).size).toBe(0)
  })

  it('knows nothing of uploads that were never begun or are of another key', async () => {
    const { storage, key } = fresh()
    const real = await begin(storage, key('a'))
    const unknown = { code: 'upload-not-found' }
    for (const upload of [
      { key: key('a'), uploadId: 'f'.repeat(32) },
      { key: key('a'), uploadId: '../../etc' },
      { key: key('a'), uploadId: '' },
      { key: key('b'), uploadId: real.uploadId },
    ]) {
      await expect(storage.listParts(upload)).rejects.toMatchObject(unknown)
      await expect(storage.putPart(upload, 1, Buffer.from('x'))).rejects.toMatchObject(unknown)
      const part = { partNumber: 1, etag: '"x"' }
      await expect(storage.complete(upload, [part])).rejects.toMatchObject(unknown)
      await storage.abort(upload)
    }
    expect(await openUploads(storage, key(''))).toEqual([real.uploadId])
  })

  it('aborts, and lists what is open below a prefix', async () => {
    const { storage, key } = fresh()
    const before = Date.now() - 2000
    const first = await begin(storage, key('a/1'))
    const second = await begin(storage, key('b/2'))
    await storage.putPart(first, 1, Buffer.from('x'))
    expect(await openUploads(storage, key('a/'))).toEqual([first.uploadId])
    for await (const { startedAt } of storage.listUploads(key('')))
      expect(startedAt.getTime()).toBeGreaterThan(before)
    await storage.abort(first)
    await storage.abort(first)
    await expect(storage.listParts(first)).rejects.toMatchObject({ code: 'upload-not-found' })
    expect(await openUploads(storage, key(''))).toEqual([second.uploadId])
    expect(await storage.head(key('a/1'))).toBeUndefined()
  })

  it('takes a local file as a part, where it can', async () => {
    const { storage, key } = fresh()
    if (!storage.putFile) return
    const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-store-'))
    try {
      const bytes = patterned(1_234_567)
      const file = path.join(folder, 'out.bin')
      await writeFile(file, bytes)
      const upload = await begin(storage, key('a'))
      const first = await storage.putFile(upload, 1, file)
      expect(first.size).toBe(bytes.length)
      const second = await storage.putPart(upload, 2, Buffer.from('tail'))
      await storage.complete(upload, [first, second])
      // The workspace still has its file: appending to the object must not have changed it.
      const alone = await begin(storage, key('b'))
      await storage.complete(alone, [await storage.putFile(alone, 1, file)])
      await rm(file)
      expect((await read(storage, key('b'))).equals(bytes)).toBe(true)
      expect(
        (await read(storage, key('a'))).equals(Buffer.concat([bytes, Buffer.from('tail')])),
      ).toBe(true)

      const refused = await begin(storage, key('c'))
      await symlink('/etc/hostname', path.join(folder, 'link'))
      for (const name of ['link', 'none', '.'])
        await expect(storage.putFile(refused, 1, path.join(folder, name))).rejects.toThrow()
      expect(await storage.listParts(refused)).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('joins any split in any order of arrival to the same bytes', async () => {
    const { storage, key } = fresh()
    const { minPartBytes } = storage.limits
    const isLarge = minPartBytes > 100_000
    const part = fc.record({
      size: fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(600_000)),
      arrival: fc.nat(),
      replaced: fc.boolean(),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: isLarge ? 2 : 6 }),
        async (drawn) => {
          const upload = await begin(storage, key(String(++run)))
          const parts = drawn.map(({ size, ...rest }, n) => ({
            ...rest,
            partNumber: n * 3 + 1, // numbers may have gaps
            bytes: patterned(n === drawn.length - 1 ? size : size + minPartBytes, run * 10 + n),
          }))
          for (const one of [...parts].sort((a, b) => a.arrival - b.arrival)) {
            if (one.replaced) await storage.putPart(upload, one.partNumber, Buffer.from('draft'))
            await storage.putPart(upload, one.partNumber, one.bytes, {
              sizeBytes: one.bytes.length,
            })
          }
          const whole = Buffer.concat(parts.map((one) => one.bytes))
          const info = await storage.complete(upload, await storage.listParts(upload))
          expect(info.size).toBe(whole.length)
          expect((await read(storage, upload.key)).equals(whole)).toBe(true)
        },
      ),
      { numRuns: isLarge ? 3 : 12 },
    )
  })
}
