import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { Storage, UploadRef } from '../object-store.ts'
import { breakingOff, patterned, read, reusingItsBuffer, sha256Of } from './bytes.conformance.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const partBytes = 5 * 1024 * 1024

export function appendsConformance(fresh: () => StoreUnderTest): void {
  async function begin({ storage, key }: StoreUnderTest): Promise<UploadRef> {
    return { key: key('a'), uploadId: await storage.begin(key('a'), { partBytes }) }
  }
  async function publish(storage: Storage, upload: UploadRef, sha256?: string) {
    const parts = await storage.partsOfAppended(upload)
    return storage.complete(upload, parts, sha256 === undefined ? {} : { sha256 })
  }

  it.each([partBytes, undefined])('appends any pieces, of known size or not (%s)', async (size) => {
    const test = fresh()
    const { storage } = test
    const upload = await begin(test)
    const options = size === undefined ? {} : { partBytes: size }
    const pieces = [3, 100_000, partBytes, 7, 2 * partBytes + 1, 0, 12].map(patterned)
    let offset = 0
    for (const [n, piece] of pieces.entries()) {
      expect(await storage.appendedBytes(upload)).toBe(offset)
      const body = n === 4 ? reusingItsBuffer(piece, 99_999) : Readable.from([piece])
      offset += piece.length
      expect(await storage.append(upload, offset - piece.length, body, options)).toBe(offset)
    }
    const whole = Buffer.concat(pieces)
    const info = await publish(storage, upload, sha256Of(whole))
    expect(info.size).toBe(whole.length)
    expect((await read(storage, upload.key)).equals(whole)).toBe(true)
    await expect(storage.appendedBytes(upload)).rejects.toMatchObject({ code: 'upload-not-found' })
  })

  it('goes on only at the end, and says where that is', async () => {
    const test = fresh()
    const upload = await begin(test)
    await test.storage.append(upload, 0, patterned(10))
    for (const offset of [0, 9, 11])
      await expect(test.storage.append(upload, offset, patterned(5))).rejects.toMatchObject({
        code: 'upload-offset-mismatch',
        facts: { offset: 10 },
      })
    expect(await test.storage.appendedBytes(upload)).toBe(10)
  })

  it('keeps what came of a body that breaks off, or nothing of it where it counts as a whole', async () => {
    const test = fresh()
    const { storage } = test
    const upload = await begin(test)
    const [first, second] = [patterned(partBytes + 1000, 1), patterned(5000, 2)]
    await expect(storage.append(upload, 0, breakingOff(first))).rejects.toThrow('the line broke')
    expect(await storage.appendedBytes(upload)).toBe(first.length)
    const broken = storage.append(upload, first.length, breakingOff(patterned(partBytes, 9)), {
      whole: true,
    })
    await expect(broken).rejects.toThrow('the line broke')
    expect(await storage.appendedBytes(upload)).toBe(first.length)

    const stop = new AbortController()
    const hanging = async function* () {
      yield second
      setTimeout(() => stop.abort(new Error('taken over')), 50)
      await new Promise(() => {})
    }
    const stopped = storage.append(upload, first.length, hanging(), { signal: stop.signal })
    await expect(stopped).rejects.toThrow('taken over')
    expect(await storage.appendedBytes(upload)).toBe(first.length + second.length)

    await publish(storage, upload)
    expect((await read(storage, upload.key)).equals(Buffer.concat([first, second]))).toBe(true)
  })

  it('refuses a wrong SHA-256 of what it has seen, and goes on', async () => {
    const test = fresh()
    const upload = await begin(test)
    const bytes = patterned(70_000)
    await test.storage.append(upload, 0, bytes)
    await expect(publish(test.storage, upload, '0'.repeat(64))).rejects.toMatchObject({
      code: 'checksum-mismatch',
    })
    await publish(test.storage, upload, sha256Of(bytes))
  })

  it('leaves nothing behind of what was given up', async () => {
    const test = fresh()
    const { storage } = test
    const before = (await storage.list('', { limit: 1000 })).objects.length
    const upload = await begin(test)
    await storage.append(upload, 0, patterned(5))
    await storage.append(upload, 5, patterned(6))
    await storage.abort(upload)
    await expect(storage.appendedBytes(upload)).rejects.toMatchObject({ code: 'upload-not-found' })
    expect((await storage.list('', { limit: 1000 })).objects).toHaveLength(before)
  })

  it('makes one object of several, which lives on without them', async () => {
    const { storage, key } = fresh()
    const bodies = [partBytes, 3, 0, partBytes * 2 + 5, 20].map(patterned)
    const names = bodies.map((_, n) => key(`part/${n}`))
    for (const [n, body] of bodies.entries()) await storage.put(names[n] ?? '', body)
    const whole = Buffer.concat(bodies)
    const info = await storage.concatenate(names, key('whole'), { mediaType: 'a/b' })
    expect(info).toMatchObject({ key: key('whole'), size: whole.length, mediaType: 'a/b' })
    expect(await storage.head(key('whole'))).toEqual(info)
    await storage.delete(names)

    expect((await read(storage, key('whole'))).equals(whole)).toBe(true)
    for (const [start, end] of [
      [partBytes - 2, partBytes + 4],
      [0, 0],
      [whole.length - 30, whole.length],
    ] as const) {
      const got = await read(storage, key('whole'), { start, end })
      expect(got.equals(whole.subarray(start, end + 1))).toBe(true)
    }
    const listed = await storage.list(key(''), { limit: 10 })
    expect(listed.objects.map((one) => [one.key, one.size])).toEqual([[key('whole'), whole.length]])

    await storage.copy(key('whole'), key('copy'))
    await storage.concatenate([key('copy'), key('whole')], key('twice'))
    await storage.delete([key('whole')])
    expect((await read(storage, key('copy'))).equals(whole)).toBe(true)
    expect((await read(storage, key('twice'))).equals(Buffer.concat([whole, whole]))).toBe(true)
    await storage.put(key('twice'), Buffer.from('other'))
    expect(String(await read(storage, key('twice')))).toBe('other')
  })

  it('joins nothing that is not there, and nothing with another SHA-256', async () => {
    const { storage, key } = fresh()
    await storage.put(key('a'), Buffer.from('a'))
    const none = storage.concatenate([key('a'), key('none')], key('whole'))
    await expect(none).rejects.toMatchObject({ code: 'object-not-found' })
    const wrong = storage.concatenate([key('a')], key('whole'), { sha256: '0'.repeat(64) })
    await expect(wrong).rejects.toMatchObject({ code: 'checksum-mismatch' })
    expect(await storage.head(key('whole'))).toBeUndefined()
  })
}
