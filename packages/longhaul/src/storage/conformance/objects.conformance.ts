import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { isLonghaulError } from '../../errors/index.ts'
import type { StoreUnderTest } from './store-under-test.ts'
import { breakingOff, patterned, read, reusingItsBuffer, sha256Of } from './bytes.conformance.ts'

export function objectsConformance(fresh: () => StoreUnderTest): void {
  const bytes = patterned(700_001)

  it.each([
    ['an array', () => bytes],
    ['a stream', () => Readable.from([bytes.subarray(0, 3), bytes.subarray(3)])],
    ['many small chunks', () => reusingItsBuffer(bytes, 997)],
  ])('stores what comes as %s', async (_, body) => {
    const { storage, key } = fresh()
    const info = await storage.put(key('a.bin'), body(), { mediaType: 'image/x-test' })
    expect(info).toMatchObject({
      key: key('a.bin'),
      size: bytes.length,
      mediaType: 'image/x-test',
      lastModified: expect.any(Date),
    })
    expect(info.etag).toMatch(/^"[^"]+"$/)
    expect([undefined, sha256Of(bytes)]).toContain(info.sha256)
    expect(await storage.head(key('a.bin'))).toEqual(info)
    const got = await storage.get(key('a.bin'))
    expect(got.info).toEqual(info)
    expect((await buffer(got.body)).equals(bytes)).toBe(true)
  })

  it('stores an empty object', async () => {
    const { storage, key } = fresh()
    expect((await storage.put(key('empty'), new Uint8Array())).size).toBe(0)
    expect(await read(storage, key('empty'))).toHaveLength(0)
  })

  it('replaces an object, and another content has another tag', async () => {
    const { storage, key } = fresh()
    const first = await storage.put(key('a'), Buffer.from('first'))
    const second = await storage.put(key('a'), Buffer.from('other'))
    expect(second.etag).not.toBe(first.etag)
    expect(await storage.head(key('a'))).toEqual(second)
    expect(String(await read(storage, key('a')))).toBe('other')
  })

  it('takes the right SHA-256 and refuses a wrong one, which leaves what was there', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a'), bytes, { sha256: sha256Of(bytes) })
    const wrong = storage.put(key('a'), Buffer.from('x'), { sha256: sha256Of(bytes) })
    await expect(wrong).rejects.toMatchObject({ code: 'checksum-mismatch' })
    expect((await read(storage, key('a'))).equals(bytes)).toBe(true)
  })

  it('keeps what was there when a body breaks off', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a'), Buffer.from('old'))
    await expect(storage.put(key('a'), breakingOff(bytes))).rejects.toThrow('the line broke')
    await expect(storage.put(key('new'), breakingOff(bytes))).rejects.toThrow('the line broke')
    expect(String(await read(storage, key('a')))).toBe('old')
    expect((await storage.list(key(''), { limit: 10 })).objects).toHaveLength(1)
  })

  it('stops when it is told to', async () => {
    const { storage, key } = fresh()
    const stop = new AbortController()
    const endless = (async function* () {
      for (let n = 0; ; n++) {
        if (n === 20) stop.abort(new Error('enough'))
        yield patterned(10_000, n + 1)
      }
    })()
    await expect(storage.put(key('a'), endless, { signal: stop.signal })).rejects.toThrow()
    expect(await storage.head(key('a'))).toBeUndefined()
    const late = storage.put(key('a'), bytes, { signal: stop.signal })
    await expect(late).rejects.toThrow()
  })

  it('says what is not there', async () => {
    const { storage, key } = fresh()
    expect(await storage.head(key('none'))).toBeUndefined()
    const missing = { code: 'object-not-found' }
    await expect(storage.get(key('none'))).rejects.toMatchObject(missing)
    await expect(storage.copy(key('none'), key('b'))).rejects.toMatchObject(missing)
    await storage.put(key('file'), Buffer.from('x'))
    expect(await storage.head(key('file/below'))).toBeUndefined()
  })

  it('deletes, and deleting what is missing is no error', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a/b'), bytes)
    await storage.put(key('a/c'), bytes)
    await storage.delete([key('a/b'), key('none'), key('a/none/x')])
    expect(await storage.head(key('a/b'))).toBeUndefined()
    expect(await storage.head(key('a/c'))).toBeDefined()
    await storage.put(key('a/b'), Buffer.from('again'))
    expect(String(await read(storage, key('a/b')))).toBe('again')
  })

  it('copies, and the copy lives on its own', async () => {
    const { storage, key } = fresh()
    const source = await storage.put(key('a'), bytes, { mediaType: 'text/x-copy' })
    const copy = await storage.copy(key('a'), key('deep/b'))
    expect(copy).toMatchObject({ key: key('deep/b'), size: source.size, mediaType: 'text/x-copy' })
    await storage.copy(key('a'), key('deep/b'))
    await storage.copy(key('a'), key('a'))
    expect((await read(storage, key('a'))).equals(bytes)).toBe(true)
    await storage.put(key('a'), Buffer.from('changed'))
    expect((await read(storage, key('deep/b'))).equals(bytes)).toBe(true)
    await storage.delete([key('a')])
    expect(await storage.head(key('deep/b'))).toEqual(copy)
  })

  it.each([
    ['that is empty', ''],
    ['of a slash', '/'],
    ['of two dots', '..'],
    ['that climbs', '../outside'],
    ['that climbs in the middle', 'a/../../outside'],
    ['with a dot', 'a/./b'],
    ['that begins with a dot segment', './a'],
    ['with two slashes', 'a//b'],
    ['that ends with a slash', 'a/'],
    ['with NUL', 'a\0b'],
    ['that is half a character', 'a\ud800b'],
    ['with a long segment', 'x'.repeat(256)],
    ['that is long', 'x/'.repeat(600)],
    ['of a reserved name', '.longhaul/records/x'],
  ])('contains or refuses a key %s', async (_, name) => {
    const { storage } = fresh()
    try {
      await storage.put(name, Buffer.from(`of ${name}`))
    } catch (error) {
      expect(isLonghaulError(error, 'invalid-file-name')).toBe(true)
      await expect(storage.get(name)).rejects.toMatchObject({ name: 'LonghaulError' })
      return
    }
    expect(String(await read(storage, name))).toBe(`of ${name}`)
    await storage.delete([name])
  })

  it('has both a name and names below it, or refuses the second and keeps the first', async () => {
    const { storage, key } = fresh()
    for (const [first, second] of [
      [key('1/a'), key('1/a/b')],
      [key('2/a/b'), key('2/a')],
    ] as const) {
      await storage.put(first, Buffer.from('first'))
      const outcome = await storage.put(second, Buffer.from('second')).catch((e: unknown) => e)
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ code: 'invalid-file-name' })
        expect(await storage.head(second)).toBeUndefined()
      } else expect(String(await read(storage, second))).toBe('second')
      expect(String(await read(storage, first))).toBe('first')
      await storage.delete([first])
      await storage.put(second, Buffer.from('second'))
    }
  })

  it('shows readers the old object or the new one, whole, while it is being replaced', async () => {
    const { storage, key } = fresh()
    // The same size: only content and tag tell them apart.
    const versions = [1, 2, 3, 4].map((seed) => patterned(300_000, seed))
    const byDigest = new Set(versions.map(sha256Of))
    const first = versions[0] ?? bytes
    await storage.put(key('a'), first)
    let writing = true
    let seen = 0
    const reader = async () => {
      while (writing) {
        const { info, body } = await storage.get(key('a'))
        const digest = sha256Of(await buffer(body))
        expect(byDigest.has(digest)).toBe(true)
        if (info.sha256 !== undefined) expect(info.sha256).toBe(digest)
        const head = await storage.head(key('a'))
        expect(head?.size).toBe(300_000)
        if (head?.sha256 !== undefined) expect(byDigest.has(head.sha256)).toBe(true)
        seen++
      }
    }
    const writer = async (offset: number) => {
      for (let n = 0; n < 10; n++)
        await storage.put(key('a'), versions[(n + offset) % versions.length] ?? first)
    }
    const readers = [reader(), reader(), reader()]
    await Promise.all([writer(0), writer(1), writer(2)]).finally(() => (writing = false))
    await Promise.all(readers)
    expect(seen).toBeGreaterThan(0)
  })

  it('makes a local file of an object, where it can', async () => {
    const { storage, key } = fresh()
    if (!storage.materialize) return
    const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-store-'))
    try {
      const info = await storage.put(key('a'), bytes)
      expect(await storage.materialize(key('a'), path.join(folder, 'a'))).toEqual(info)
      await storage.delete([key('a')])
      expect((await readFile(path.join(folder, 'a'))).equals(bytes)).toBe(true)
      const missing = storage.materialize(key('none'), path.join(folder, 'b'))
      await expect(missing).rejects.toMatchObject({ code: 'object-not-found' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('tells how much room there is, or nothing', async () => {
    const room = await fresh().storage.freeBytes()
    if (room) expect(room.free).toBeLessThanOrEqual(room.total)
  })
}
