import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { UploadRef } from '../object-store.ts'
import { breakingOff, patterned, read, sha256Of } from './bytes.conformance.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Uploads begun with the size of their parts, which a store may put in place at once. */
export function placedConformance(fresh: () => StoreUnderTest): void {
  async function begin({ storage, key }: StoreUnderTest) {
    const partBytes = Math.max(storage.limits.minPartBytes, 300_000)
    const upload: UploadRef = {
      key: key('a'),
      uploadId: await storage.begin(key('a'), { partBytes }),
    }
    return { storage, upload, partBytes }
  }
  const refused = (code: string) => expect.objectContaining({ code })

  it('makes one object of parts in any order, several at once, each once or twice', async () => {
    const { storage, upload, partBytes } = await begin(fresh())
    const bodies = [1, 2, 3].map((seed) => patterned(partBytes, seed)).concat(patterned(77, 4))
    const put = (n: number) =>
      storage.putPart(upload, n, Readable.from([bodies[n - 1] ?? Buffer.alloc(0)]), {
        sizeBytes: bodies[n - 1]?.length ?? 0,
        sha256: sha256Of(bodies[n - 1] ?? Buffer.alloc(0)),
      })
    await Promise.all([4, 1, 3, 1].map(put))
    expect((await storage.listParts(upload)).map((part) => part.partNumber)).toEqual([1, 3, 4])
    await put(2)
    await put(4)
    const whole = Buffer.concat(bodies)
    const parts = await storage.listParts(upload)
    await expect(
      storage.complete(upload, parts, { sha256: sha256Of(bodies[0] ?? whole) }).then((info) => {
        // A store that does not know the digest of the whole cannot refuse.
        if (info.sha256 === undefined) throw Object.assign(new Error(), { code: 'unknown' })
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(checksum-mismatch|unknown)$/) })
    const info = await storage.complete(upload, parts)
    expect([undefined, sha256Of(whole)]).toContain(info.sha256)
    expect(await storage.head(upload.key)).toEqual(info)
    expect((await read(storage, upload.key)).equals(whole)).toBe(true)
    await expect(put(1)).rejects.toMatchObject({ name: 'LonghaulError' })
  })

  it('keeps the part that was there, and takes the place of it with the last one whole', async () => {
    const { storage, upload, partBytes } = await begin(fresh())
    const [old, now, tail] = [patterned(partBytes, 1), patterned(partBytes, 2), patterned(9, 3)]
    const kept = async () => (await storage.listParts(upload)).map(({ etag }) => etag)
    const first = await storage.putPart(upload, 1, old)
    await storage.putPart(upload, 2, tail)
    const before = await kept()
    await expect(storage.putPart(upload, 1, breakingOff(now.subarray(0, 999)))).rejects.toThrow(
      'broke',
    )
    const wrong = storage.putPart(upload, 1, now, { sizeBytes: partBytes, sha256: sha256Of(old) })
    await expect(wrong).rejects.toEqual(refused('checksum-mismatch'))
    const short = storage.putPart(upload, 1, tail, { sizeBytes: partBytes })
    await expect(short).rejects.toEqual(refused('invalid-part'))
    expect(await kept()).toEqual(before)

    await storage.putPart(upload, 1, now)
    await expect(storage.complete(upload, [first])).rejects.toEqual(refused('invalid-part'))
    await storage.complete(upload, await storage.listParts(upload))
    expect((await read(storage, upload.key)).equals(Buffer.concat([now, tail]))).toBe(true)
  })

  it('lets nobody who is slow spoil a part that somebody else has brought', async () => {
    const { storage, upload, partBytes } = await begin(fresh())
    const bytes = patterned(partBytes, 1)
    let goOn = () => {}
    const waiting = new Promise<void>((resolve) => (goOn = resolve))
    const slow = async function* () {
      yield patterned(1000, 99)
      await waiting
      yield patterned(partBytes - 2000, 98)
      throw new Error('the line broke')
    }
    const broken = expect(storage.putPart(upload, 1, slow())).rejects.toThrow()
    await sleep(50)
    const part = await storage.putPart(upload, 1, bytes)
    goOn()
    await broken
    await storage.complete(upload, [part])
    expect((await read(storage, upload.key)).equals(bytes)).toBe(true)
  })
}
