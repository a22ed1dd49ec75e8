import { execFile } from 'node:child_process'
import path from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSwift } from '../../testing/servers/swift.ts'
import { patterned, read, sha256Of } from '../conformance/bytes.conformance.ts'
import { objectStoreConformance } from '../object-store.conformance.ts'
import type { Storage } from '../object-store.ts'
import { s3Storage } from './index.ts'

const MiB = 1024 * 1024
const swift = await startTestSwift()
afterAll(() => swift?.stop())

describe.skipIf(!swift)('on OpenStack Swift', () => {
  if (!swift) return
  objectStoreConformance('s3', async () => ({
    storage: await s3Storage({ ...swift.s3, bucket: await swift.newBucket() }),
    stop: async () => undefined,
  }))

  let bucket: string
  let storage: Storage
  const open = (change: Partial<Parameters<typeof s3Storage>[0]> = {}) =>
    s3Storage({ ...swift.s3, bucket, ...change })
  beforeAll(async () => {
    bucket = await swift.newBucket()
    storage = await open()
  })
  const large = patterned(20 * MiB, 5)
  const chunked = () => Readable.from([large.subarray(0, 13 * MiB), large.subarray(13 * MiB)])
  const openUploads = async (prefix: string) => {
    const found = []
    for await (const upload of storage.listUploads(prefix)) found.push(upload)
    return found
  }

  it('makes the bucket once, also for several at the same moment', async () => {
    const bucket = await swift.newBucket()
    const stores = await Promise.all([1, 2, 3].map(() => open({ bucket })))
    await stores[0]?.put('a', Buffer.from('x'))
    expect(String(await read(stores[2] ?? storage, 'a'))).toBe('x')
  })

  it('stores a large object in parts, and keeps its digest where that was said beforehand', async () => {
    const info = await storage.put('large/a', chunked(), { sha256: sha256Of(large) })
    expect(info).toMatchObject({ size: large.length, sha256: sha256Of(large) })
    expect(info.etag).toMatch(/-3"$/)
    expect((await read(storage, 'large/a')).equals(large)).toBe(true)
    const wrong = storage.put('large/b', chunked(), { sha256: '0'.repeat(64) })
    await expect(wrong).rejects.toMatchObject({ code: 'checksum-mismatch' })
    const broken = async function* () {
      yield large
      throw new Error('the line broke')
    }
    await expect(storage.put('large/b', broken())).rejects.toThrow('the line broke')
    expect(await storage.head('large/b')).toBeUndefined()
    expect(await openUploads('large/')).toEqual([])
  })

  it('copies in parts what is too large for one request', async () => {
    const storage = await open({ capabilities: { maxCopyBytes: 6 * MiB } })
    const name = "copy/größe & 100% + 'ü' (1).bin"
    await storage.put(name, chunked(), { mediaType: 'text/x-a', sha256: sha256Of(large) })
    const copy = await storage.copy(name, `${name}.copy`)
    expect(copy).toMatchObject({
      size: large.length,
      mediaType: 'text/x-a',
      sha256: sha256Of(large),
    })
    expect(copy.etag).toMatch(/-4"$/)
    expect((await read(storage, `${name}.copy`)).equals(large)).toBe(true)
  })

  it('lists and deletes page by page', async () => {
    const storage = await open({ bucket: await swift.newBucket(), capabilities: { maxPage: 7 } })
    const keys = Array.from({ length: 24 }, (_, n) => `many/${String(n).padStart(2, '0')}`)
    await Promise.all(keys.map((key) => storage.put(key, Buffer.from(key))))
    const listed = await storage.list('many/', { limit: 5000 })
    expect(listed.objects.map(({ key }) => key)).toEqual(keys)
    expect(listed.next).toBeUndefined()
    expect((await storage.list('many/', { limit: 20 })).next).toBe(keys[19])

    const upload = { key: 'many/parts', uploadId: await storage.begin('many/parts') }
    const numbers = Array.from({ length: 22 }, (_, n) => 3 * n + 1)
    await Promise.all(numbers.map((n) => storage.putPart(upload, n, Buffer.from(`${n}`))))
    const parts = await storage.listParts(upload)
    expect(parts.map(({ partNumber }) => partNumber)).toEqual(numbers)
    const begun = await Promise.all(keys.map((key) => storage.begin(key)))
    const found = []
    for await (const { uploadId } of storage.listUploads('many/')) found.push(uploadId)
    expect(found.sort()).toEqual([...begun, upload.uploadId].sort())

    await storage.delete(keys)
    expect((await storage.list('', { limit: 10 })).objects).toEqual([])
  }, 60_000)

  describe('signed URLs', () => {
    const names = [
      'plain.txt',
      "größe & 100% + 'ü' (1)!*.bin",
      'a=b;c?d#e/ f',
      '日本語/ファイル.txt',
    ]
    const expiresInSeconds = 60
    const urls = { expiresInSeconds, baseUrl: 'http://ignored' }

    it.each(names)('take a part and give an object called %s', async (name) => {
      const key = `signed/${name}`
      const upload = { key, uploadId: await storage.begin(key) }
      const body = Buffer.from(`bytes of ${name}`)
      const url = await storage.partUrl(upload, 1, { ...urls, maxBytes: body.length })
      const put = await fetch(url, { method: 'PUT', body })
      expect([put.status, await put.text()]).toEqual([200, ''])
      const [part] = await storage.listParts(upload)
      expect(part).toMatchObject({ partNumber: 1, size: body.length, storedAt: expect.any(Date) })
      expect(put.headers.get('etag')).toBe(part?.etag)
      await storage.complete(upload, part ? [part] : [])

      const got = await fetch(await storage.objectUrl(key, { ...urls, fileName: name }))
      expect(await got.text()).toBe(String(body))
      const disposition = got.headers.get('content-disposition') ?? ''
      expect(disposition).toMatch(/^attachment; filename="/)
      const base = name.slice(name.lastIndexOf('/') + 1)
      const encoded = /filename\*=UTF-8''(.*)$/.exec(disposition)?.[1]
      expect(
        encoded === undefined ? /"(.*)"/.exec(disposition)?.[1] : decodeURIComponent(encoded),
      ).toBe(base)
    })

    it('are good for one upload, one part, its size and their time', async () => {
      const key = 'signed/bound'
      const upload = { key, uploadId: await storage.begin(key) }
      const other = { key, uploadId: await storage.begin(key) }
      const options = { ...urls, maxBytes: 4 }
      const url = await storage.partUrl(upload, 1, options)
      const put = async (url: string, body = 'four') =>
        (await fetch(url, { method: 'PUT', body })).status
      expect(await put(url, 'fives')).toBe(403)
      expect(await put(url.replace('partNumber=1', 'partNumber=2'))).toBe(403)
      expect(
        await put(
          url.replace(encodeURIComponent(upload.uploadId), encodeURIComponent(other.uploadId)),
        ),
      ).toBe(403)
      expect(await put(url.replace('bound', 'found'))).toBe(403)
      expect((await fetch(url)).status).toBe(403)
      expect(await storage.listParts(upload)).toEqual([])
      expect(await put(url)).toBe(200)
      const short = await storage.partUrl(upload, 2, { ...options, expiresInSeconds: 1 })
      await new Promise((resolve) => setTimeout(resolve, 2500))
      expect(await put(short)).toBe(403)
    })

    it('lead to the public endpoint, below whatever path it has', async () => {
      const storage = await open({ publicEndpoint: 'https://files.example.org:8443/s3/' })
      const url = new URL(await storage.objectUrl('a/b c', urls))
      expect(url.href.startsWith(`https://files.example.org:8443/s3/${bucket}/a/b%20c?`)).toBe(true)
      expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host')
    })

    it('are signed by the thousand while others get their turn', async () => {
      const upload = { key: 'signed/many', uploadId: 'x' }
      const held = monitorEventLoopDelay({ resolution: 5 })
      held.enable()
      for (let n = 1; n <= 10_000; n++) {
        await storage.partUrl(upload, n, { ...urls, maxBytes: 5 * MiB })
        if (n % 500 === 0) await new Promise(setImmediate) // as uploads do
      }
      held.disable()
      // Half a second would be a hold-up on any machine; one batch takes some milliseconds.
      expect(held.max / 1e6).toBeLessThan(500)
    })
  })

  it('holds no body in memory: 192 MiB in, in parts and out grow the process by less than 128', async () => {
    const program = path.join(import.meta.dirname, 'memory.fixture.ts')
    const options = JSON.stringify({ ...swift.s3, bucket })
    const args = ['--conditions=longhaul-source', program, options, String(192 * MiB)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const { grownBytes, read } = JSON.parse(stdout) as { grownBytes: number; read: number }
    expect(read).toBe(2 * 192 * MiB)
    expect(grownBytes / MiB).toBeLessThan(128)
  }, 120_000)

  it('says what it knows of a store by its address', async () => {
    expect(storage.limits).toEqual({
      minPartBytes: 5 * MiB,
      maxPartBytes: 5 * 1024 * MiB,
      maxParts: 10_000,
      equalParts: false,
    })
    expect(await storage.freeBytes()).toBeUndefined()
    expect(storage.materialize).toBeUndefined()
  })
})
