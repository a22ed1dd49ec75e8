import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LonghaulError } from '../../errors/index.ts'
import { startTestSwift } from '../../testing/servers/swift.ts'
import { patterned, read } from '../conformance/bytes.conformance.ts'
import type { Storage } from '../object-store.ts'
import { faults, faultyStore, type Fault, type FaultyStore } from './faulty-store.fixture.ts'
import type { Tuning } from './connection.ts'
import { s3Storage } from './index.ts'

const MiB = 1024 * 1024
// Small parts, here and there: most of what follows is about their order and their ends, not their size.
const limits = { minPartBytes: MiB }
const capabilities = { limits, pieceBytes: MiB }
const swift = await startTestSwift(limits)

describe.skipIf(!swift)('a store with faults', { timeout: 90_000 }, () => {
  if (!swift) return
  let proxy: FaultyStore
  /** Through the faults, and past them. */
  let storage: Storage
  let direct: Storage
  let bucket: string
  const tuning = { stallMs: 10_000, workMs: 10_000, tries: 4, pauseMs: 5 }
  /** Gives up so soon that only a store which does nothing may be given up. */
  const hasty = { stallMs: 4000, workMs: 4000, tries: 3, pauseMs: 5 }
  const small = patterned(50_000)
  /** Several parts. */
  const large = patterned(3 * MiB, 7)
  /** More than is held in memory. */
  const huge = patterned(20 * MiB, 9)
  const part = patterned(300_001, 3)

  beforeAll(async () => {
    bucket = await swift.newBucket()
    proxy = await faultyStore(swift.s3.endpoint)
    direct = await s3Storage({ ...swift.s3, bucket, capabilities })
    await direct.put('read/small', small)
    await direct.put('read/large', large)
  }, 60_000)
  beforeEach(async () => {
    proxy.decide = () => undefined
    storage = await opened(tuning)
  })
  afterAll(async () => {
    await proxy.stop()
    await swift.stop()
  })

  const opened = (tuning: Partial<Tuning>) =>
    s3Storage({ ...swift.s3, endpoint: proxy.endpoint, bucket, capabilities, tuning })
  const spoilFirst = (count: number, fault: Fault) => {
    let left = count
    proxy.decide = () => (left-- > 0 ? fault : undefined)
  }
  const spoilAll = (fault: Fault) => {
    proxy.decide = () => fault
  }
  let names = 0
  const fresh = () => `fresh/${++names}`
  const begun = async () => {
    const key = fresh()
    const upload = { key, uploadId: await direct.begin(key) }
    return { upload, parts: [await direct.putPart(upload, 1, part)] }
  }

  const isPlain = (error: unknown) => {
    expect(error).toMatchObject({ name: 'LonghaulError', code: 'unavailable' })
    const { message, facts, cause } = error as LonghaulError
    expect(message).toContain(proxy.endpoint)
    expect(facts).toMatchObject({ store: proxy.endpoint, tries: expect.any(Number) })
    for (const secret of [swift.s3.secretKey, 'Signature', 'Credential'])
      expect(JSON.stringify([message, facts, String(cause)])).not.toContain(secret)
  }

  /** Prepared without faults; `run` answers what is to be true afterwards. */
  const operations: Record<string, () => Promise<() => Promise<unknown>>> = {
    'storing an object': async () => {
      const key = fresh()
      return async () => {
        await storage.put(key, small)
        expect((await read(direct, key)).equals(small)).toBe(true)
      }
    },
    'storing a large one': async () => {
      const key = fresh()
      return async () => {
        await storage.put(key, Readable.from([large.subarray(0, 2 * MiB), large.subarray(2 * MiB)]))
        expect((await read(direct, key)).equals(large)).toBe(true)
      }
    },
    'reading an object': async () => async () =>
      expect((await read(storage, 'read/small')).equals(small)).toBe(true),
    'reading a large one': async () => async () =>
      expect((await read(storage, 'read/large')).equals(large)).toBe(true),
    'reading a range': async () => async () => {
      const range = { start: 5, end: 2 * MiB }
      const bytes = await read(storage, 'read/large', range)
      expect(bytes.equals(large.subarray(5, 2 * MiB + 1))).toBe(true)
    },
    'looking at an object': async () => async () =>
      expect((await storage.head('read/small'))?.size).toBe(small.length),
    listing: async () => async () =>
      expect((await storage.list('read/', { limit: 10 })).objects).toHaveLength(2),
    copying: async () => {
      const key = fresh()
      return async () => {
        await storage.copy('read/small', key)
        expect((await read(direct, key)).equals(small)).toBe(true)
      }
    },
    deleting: async () => {
      const key = fresh()
      await direct.put(key, small)
      return async () => {
        await storage.delete([key])
        expect(await direct.head(key)).toBeUndefined()
      }
    },
    'beginning an upload': async () => {
      const key = fresh()
      return async () => expect(await storage.begin(key)).toBeTypeOf('string')
    },
    'sending a part': async () => {
      const { upload } = await begun()
      return async () => {
        const sent = await storage.putPart(upload, 2, part, { sizeBytes: part.length })
        expect((await direct.listParts(upload))[1]?.etag).toBe(sent.etag)
      }
    },
    'listing parts': async () => {
      const { upload } = await begun()
      return async () => expect(await storage.listParts(upload)).toHaveLength(1)
    },
    'completing an upload': async () => {
      const { upload, parts } = await begun()
      return async () => {
        const info = await storage.complete(upload, parts)
        expect(await direct.head(upload.key)).toEqual(info)
        expect((await read(direct, upload.key)).equals(part)).toBe(true)
      }
    },
    'aborting an upload': async () => {
      const { upload } = await begun()
      return async () => {
        await storage.abort(upload)
        await expect(direct.listParts(upload)).rejects.toMatchObject({ code: 'upload-not-found' })
      }
    },
    'listing uploads': async () => {
      const { upload } = await begun()
      return async () => {
        const found = []
        for await (const { uploadId } of storage.listUploads(upload.key)) found.push(uploadId)
        expect(found).toEqual([upload.uploadId])
      }
    },
  }

  describe.each(faults.filter((fault) => !fault.startsWith('stall')))('%s', (fault) => {
    it.each(Object.keys(operations))('%s goes on when it passes', async (name) => {
      const run = await operations[name]?.()
      const before = proxy.spoilt()
      spoilFirst(2, fault)
      await run?.()
      expect(proxy.spoilt() - before).toBe(2)
    })

    it.each(Object.keys(operations))('%s fails in plain words when it stays', async (name) => {
      const run = await operations[name]?.()
      spoilAll(fault)
      const error: unknown = await run?.().catch((error: unknown) => error)
      // Its 404, though cut, says that the first try was heard; `run` has seen that it was.
      if (name === 'aborting an upload' && error === undefined) return
      isPlain(error)
    })
  })

  // Each waits for what stalls, one after the other: long, and longer on a busy machine.
  it.each(['stall', 'stalled answer'] as const)(
    '%s: every operation goes on when it passes',
    { timeout: 300_000 },
    async (fault) => {
      const runs = await Promise.all(Object.values(operations).map((prepare) => prepare()))
      storage = await opened(hasty)
      const seen = new Set<string>()
      proxy.decide = ({ method, url, headers }) => {
        const request = `${method} ${url} ${headers.range}`
        return seen.size < seen.add(request).size ? fault : undefined
      }
      await Promise.all(runs.map((run) => run()))
      expect(proxy.spoilt()).toBeGreaterThan(runs.length)
    },
  )

  it.each(['stall', 'stalled answer'] as const)(
    '%s: every operation fails in plain words when it stays',
    { timeout: 300_000 },
    async (fault) => {
      // Reading goes on as long as anything comes at all, which takes long here; cut answers test its end.
      const names = Object.keys(operations).filter(
        (name) => fault === 'stall' || !name.startsWith('reading'),
      )
      const runs = await Promise.all(names.map(async (name) => operations[name]?.()))
      storage = await opened({ ...hasty, tries: 2 })
      spoilAll(fault)
      const outcomes = await Promise.allSettled(runs.map(async (run) => run?.()))
      for (const [n, outcome] of outcomes.entries()) {
        const isDone = outcome.status === 'fulfilled' && names[n] === 'aborting an upload' // as above
        if (!isDone) isPlain(outcome.status === 'rejected' ? outcome.reason : undefined)
      }
    },
  )

  it('shows no half of what could not be stored, and what was there stays', async () => {
    for (const fault of ['internal error', 'cut request'] as const) {
      const key = fresh()
      await direct.put(key, small)
      proxy.decide = ({ method }) => (method === 'PUT' ? fault : undefined)
      await expect(storage.put(key, Readable.from([large]))).rejects.toThrow(LonghaulError)
      await expect(storage.put(key, large.subarray(0, 100))).rejects.toThrow(LonghaulError)
      proxy.decide = () => undefined
      expect((await read(direct, key)).equals(small)).toBe(true)
      for await (const open of direct.listUploads(key)) expect(open).toBeUndefined()
    }
  })

  it('never sends again what it has consumed, and says so; a function gives it again', async () => {
    const key = fresh()
    const upload = { key, uploadId: await direct.begin(key) }
    const options = { sizeBytes: huge.length }
    const chunks = Array.from({ length: 20 }, (_, n) => huge.subarray(n * MiB, (n + 1) * MiB))
    const isPart = (url = '') => url.includes('partNumber')
    for (const fault of ['internal error', 'cut request', 'lost answer'] as const) {
      let sent = 0
      proxy.decide = ({ url }) => (isPart(url) && ++sent === 1 ? fault : undefined)
      const once = storage.putPart(upload, 1, Readable.from(chunks), options)
      await expect(once).rejects.toMatchObject({ code: 'unavailable', facts: { tries: 1 } })
      expect(sent).toBe(1)

      sent = 0
      let reads = 0
      const again = async function* () {
        reads++
        yield* chunks
      }
      expect((await storage.putPart(upload, 1, again, options)).size).toBe(huge.length)
      expect(reads).toBe(2)
    }
    proxy.decide = () => undefined
    await storage.complete(upload, await storage.listParts(upload))
    expect((await read(direct, key)).equals(huge)).toBe(true)
  })

  it('goes on reading where it was, again and again, and never reads another version', async () => {
    let cuts = 0
    proxy.decide = ({ method }) => (method === 'GET' && ++cuts < 12 ? 'cut answer' : undefined)
    expect((await read(storage, 'read/large')).equals(large)).toBe(true)
    expect(cuts).toBe(12)

    const key = fresh()
    await direct.put(key, large)
    cuts = 0
    proxy.decide = ({ method }) => (method === 'GET' && ++cuts === 1 ? 'cut answer' : undefined)
    const { body } = await storage.get(key)
    await direct.put(key, patterned(large.length, 8))
    await expect(buffer(body)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('bears with those who read or produce slowly', async () => {
    storage = await opened(hasty)
    const pause = () => new Promise((resolve) => setTimeout(resolve, hasty.stallMs + 500))
    const slowly = async function* () {
      for (let at = 0; at < huge.length; at += 7 * MiB) {
        yield huge.subarray(at, at + 7 * MiB)
        await pause()
      }
    }
    const key = fresh()
    const upload = { key, uploadId: await storage.begin(key) }
    await storage.putPart(upload, 1, slowly(), { sizeBytes: huge.length })
    await storage.complete(upload, await storage.listParts(upload))
    const { body } = await storage.get(key)
    let size = 0
    let pauses = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > (pauses + 1) * 5 * MiB && ++pauses) await pause()
    }
    expect(size).toBe(huge.length)
    expect(pauses).toBeGreaterThan(2)
  })

  it('stops at once when it is told to', async () => {
    spoilAll('stall')
    const reason = new Error('enough')
    const signal = () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(reason), 50)
      return stop.signal
    }
    await expect(storage.put(fresh(), small, { signal: signal() })).rejects.toBe(reason)
    spoilAll('internal error')
    const key = fresh()
    const upload = { key, uploadId: await direct.begin(key) }
    await expect(
      storage.putPart(upload, 1, small, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
  })

  it('refuses to start without the store or its key, and says what to look at', async () => {
    const bucket = await swift.newBucket()
    const open = (change: Partial<Parameters<typeof s3Storage>[0]>) =>
      s3Storage({ ...swift.s3, bucket, tuning: { ...tuning, tries: 2 }, ...change })
    await expect(open({ endpoint: 'http://user:pass@127.0.0.1:9' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /^(?!.*pass).*http:\/\/127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)/,
      ),
    })
    await expect(open({ secretKey: 'not the one' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/S3_SECRET_KEY/),
    })
  })
})
