import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, beforeEach, afterEach } from 'vitest'
import type { Storage } from '../storage/index.ts'
import {
  baseUrl,
  openUploads,
  send,
  type StartedFile,
  type UploadsUnderTest,
} from './uploads.fixture.ts'

let test: UploadsUnderTest
beforeEach(async () => {
  test = await openUploads()
})
afterEach(() => test[Symbol.asyncDispose]())

const bytes = Buffer.from('0123456789abcdefghijklmnop') // 26 bytes: parts of 10, 10 and 6
const owner = 'ada'

async function start(...names: string[]): Promise<StartedFile[]> {
  const { files } = await test.uploads.start({
    owner,
    files: names.map((filename) => ({ filename, sizeBytes: bytes.length })),
    partBytes: 10,
    baseUrl,
  })
  return [...files]
}
const startOne = async (name = 'a.bin'): Promise<StartedFile> => {
  const [file] = await start(name)
  if (!file) throw new Error('nothing started')
  return file
}
const sha256Of = (part: Buffer) => createHash('sha256').update(part).digest('hex')
const code = (code: string, facts = {}): unknown =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

describe('an upload', () => {
  it('becomes an object when all its parts are there', async () => {
    const file = await startOne('folder/a.bin')
    expect(file.key).toBe(`datasets/${file.fileId}/folder/a.bin`)
    expect(file.partUrls.map((part) => part.partNumber)).toEqual([1, 2, 3])
    await send(test.storage, file, bytes, [3, 1, 2])
    const done = await test.uploads.complete({ owner, fileId: file.fileId })
    expect(done).toMatchObject({
      key: file.key,
      uri: `s3://${test.storage.bucket}/${file.key}`,
      sizeBytes: 26,
    })
    expect((await buffer((await test.storage.get(file.key)).body)).equals(bytes)).toBe(true)
    expect(await test.uploads.fileOf(file.fileId, owner)).toMatchObject({
      uri: done.uri,
      name: 'folder/a.bin',
      size: 26,
      ...(done.sha256 !== undefined && { sha256: done.sha256 }),
    })
  })

  it('names what is missing and what is short, and goes on', async () => {
    const file = await startOne()
    const upload = { key: file.key, uploadId: file.storeUploadId }
    await test.storage.putPart(upload, 2, bytes.subarray(0, 7))
    const complete = () => test.uploads.complete({ owner, fileId: file.fileId })
    const wanted = code('upload-incomplete', { missing_parts: [1, 3], short_parts: [2] })
    await expect(complete()).rejects.toEqual(wanted)
    await expect(test.uploads.fileOf(file.fileId, owner)).rejects.toEqual(wanted)
    expect(await test.uploads.get(file.fileId, owner)).toMatchObject({
      status: 'open',
      receivedBytes: 0,
      missingParts: [1, 2, 3],
    })
    await send(test.storage, file, bytes)
    await expect(test.uploads.fileOf(file.fileId, owner)).rejects.toEqual(code('upload-incomplete'))
    await complete()
  })

  it('takes parts through the service, and keeps none of one with other bytes', async () => {
    const { fileId: uploadId } = await startOne()
    const put = (partNumber: number, part: Buffer, sha256 = sha256Of(part)) =>
      test.uploads.putPart({ owner, uploadId, partNumber, body: part, sha256 })
    await expect(put(1, bytes.subarray(0, 10), sha256Of(bytes))).rejects.toEqual(
      code('checksum-mismatch'),
    )
    await expect(put(2, bytes.subarray(10, 19))).rejects.toEqual(code('invalid-part'))
    await expect(put(4, bytes.subarray(0, 10))).rejects.toEqual(code('invalid-part'))
    expect((await test.uploads.get(uploadId, owner)).missingParts).toEqual([1, 2, 3])
    for (const n of [2, 1, 3])
      expect(await put(n, bytes.subarray(n * 10 - 10, n * 10))).toMatchObject({ partNumber: n })
    const { key } = await test.uploads.complete({ owner, fileId: uploadId })
    expect((await buffer((await test.storage.get(key)).body)).equals(bytes)).toBe(true)
    await expect(put(1, bytes.subarray(0, 10))).rejects.toEqual(code('upload-complete'))
  })

  it('is complete with the parts that are named: sorted or not, quoted or not', async () => {
    const file = await startOne()
    const parts = await send(test.storage, file, bytes)
    const named = parts
      .toReversed()
      .map(({ partNumber, etag }) => ({ partNumber, etag: etag.replaceAll('"', '') }))
    const complete = (parts: readonly { partNumber: number; etag: string }[]) =>
      test.uploads.complete({ owner, fileId: file.fileId, parts })

    await expect(complete([])).rejects.toEqual(
      code('upload-incomplete', { missing_parts: [1, 2, 3] }),
    )
    await expect(complete(named.slice(1))).rejects.toEqual(
      code('upload-incomplete', { missing_parts: [3] }),
    )
    await expect(complete([...named, ...named])).rejects.toEqual(
      code('invalid-part', { invalid_parts: [1, 2, 3] }),
    )
    const strange = [...named, { partNumber: 4, etag: 'x' }, { partNumber: 0, etag: 'x' }]
    await expect(complete(strange)).rejects.toEqual(code('invalid-part', { invalid_parts: [0, 4] }))
    const wrong = named.map((part) => (part.partNumber === 2 ? { ...part, etag: 'x' } : part))
    await expect(complete(wrong)).rejects.toEqual(code('invalid-part', { invalid_parts: [2] }))

    const done = await complete(named)
    expect(await complete(parts)).toEqual(done)
    expect(await test.uploads.complete({ owner, fileId: file.fileId })).toEqual(done)
    for (const other of [named.slice(1), [], wrong])
      await expect(complete(other)).rejects.toEqual(code('upload-complete'))
    expect((await test.storage.head(file.key))?.size).toBe(26)
  })

  it('goes on when the service died between the store and the session', async () => {
    for (const withParts of [true, false]) {
      const file = await startOne()
      const parts = await send(test.storage, file, bytes)
      const dying: Storage = {
        ...test.storage,
        complete: async (...args) => {
          await test.storage.complete(...args)
          throw new Error('died')
        },
      }
      const named = withParts ? { parts } : {}
      const request = { owner, fileId: file.fileId, ...named }
      await expect(test.again({ storage: dying }).complete(request)).rejects.toThrow('died')
      expect(await test.uploads.get(file.fileId, owner)).toMatchObject({ missingParts: [] })
      const done = await test.uploads.complete(request)
      expect(done.sizeBytes).toBe(26)
      expect(await test.uploads.complete({ owner, fileId: file.fileId, parts })).toEqual(done)
      const other = { owner, fileId: file.fileId, parts: parts.slice(1) }
      await expect(test.uploads.complete(other)).rejects.toEqual(code('upload-complete'))
    }
  })

  it('of nothing needs no part', async () => {
    const { files } = await test.uploads.start({
      owner,
      files: [{ filename: 'empty', sizeBytes: 0 }],
      partBytes: 10,
      baseUrl,
    })
    const done = await test.uploads.complete({ owner, fileId: files[0]?.fileId ?? '' })
    expect(done.sizeBytes).toBe(0)
  })

  it('is nobody else’s', async () => {
    const { fileId } = await startOne()
    const unknown = code('upload-not-found')
    const by = 'eve'
    await expect(test.uploads.get(fileId, by)).rejects.toEqual(unknown)
    await expect(test.uploads.complete({ owner: by, fileId })).rejects.toEqual(unknown)
    await expect(test.uploads.fileOf(fileId, by)).rejects.toEqual(unknown)
    await expect(test.uploads.abort(fileId, by)).rejects.toEqual(unknown)
    expect((await test.uploads.get(fileId, 'everyone')).status).toBe('open')
    await expect(test.uploads.get('none', owner)).rejects.toEqual(unknown)
  })

  it('can be gone on with: fresh URLs of what is missing, from another process too', async () => {
    const file = await startOne()
    await send(test.storage, file, bytes, [2])
    const view = await test.again().get(file.fileId, owner, { baseUrl: 'https://other' })
    expect(view.missingParts).toEqual([1, 3])
    expect(view.receivedBytes).toBe(10)
    expect(view.partUrls?.map((part) => part.partNumber)).toEqual([1, 3])
    // Those of a store that serves them itself lead to it, whatever our address is.
    const leads = test.storage.signedUrls ? /^https:\/\/other\/storage\/parts\// : /partNumber=1&/
    expect(view.partUrls?.[0]?.url).toMatch(leads)
    await send(test.storage, file, bytes, [1, 3])
    await test.again().complete({ owner, fileId: file.fileId })
    const done = await test.uploads.get(file.fileId, owner, { baseUrl })
    expect(done).toMatchObject({ status: 'completed', receivedBytes: 26, missingParts: [] })
  })

  it('can be given up, until it is complete', async () => {
    const given = await startOne()
    await send(test.storage, given, bytes, [1])
    await test.uploads.abort(given.fileId, owner)
    await expect(test.uploads.get(given.fileId, owner)).rejects.toEqual(code('upload-not-found'))
    for await (const open of test.storage.listUploads('')) expect(open).toBeUndefined()

    const kept = await startOne()
    await send(test.storage, kept, bytes)
    await test.uploads.complete({ owner, fileId: kept.fileId })
    await expect(test.uploads.abort(kept.fileId, owner)).rejects.toEqual(code('upload-complete'))
    expect(await test.storage.head(kept.key)).toBeDefined()
  })

  it('is refused before anything is begun: bad names, too many bytes, no room', async () => {
    await expect(start('../x')).rejects.toEqual(code('invalid-file-name'))
    await expect(start('a', 'a')).rejects.toEqual(code('duplicate-file-name'))
    const large = (sizeBytes: number, uploads = test.uploads) =>
      uploads.start({ owner, files: [{ filename: 'a', sizeBytes }], partBytes: 10, baseUrl })
    await expect(large(1e9 + 1)).rejects.toEqual(code('upload-too-large'))
    const full: Storage = { ...test.storage, freeBytes: async () => ({ free: 100, total: 1000 }) }
    await expect(large(81, test.again({ storage: full }))).rejects.toEqual(
      code('insufficient-storage'),
    )
    for await (const open of test.storage.listUploads('')) expect(open).toBeUndefined()
  })
})

describe('time', () => {
  it('ends what was not finished, and says so', async () => {
    const late = test.again({ keepSeconds: -1 })
    const { files } = await late.start({
      owner,
      files: [{ filename: 'a', sizeBytes: 5 }],
      partBytes: 10,
      baseUrl,
    })
    const { fileId = '' } = files[0] ?? {}
    const kept = await startOne()
    expect(await late.expire()).toBe(1)
    expect(await late.expire()).toBe(0)
    const gone = code('upload-expired')
    await expect(late.get(fileId, owner)).rejects.toEqual(gone)
    await expect(late.complete({ owner, fileId })).rejects.toEqual(gone)
    await expect(late.fileOf(fileId, owner)).rejects.toEqual(gone)
    const open = []
    for await (const upload of test.storage.listUploads('')) open.push(upload.key)
    expect(open).toEqual([kept.key])
  })

  it('does not end what is complete, and every part and every look puts it off', async () => {
    const late = test.again({ keepSeconds: -1 })
    const begin = async () => {
      const { files } = await late.start({
        owner,
        files: [{ filename: 'a', sizeBytes: 5 }],
        partBytes: 10,
        baseUrl,
      })
      if (!files[0]) throw new Error('nothing started')
      return files[0]
    }
    const [complete, sending, looking] = [await begin(), await begin(), await begin()]
    await send(test.storage, complete, Buffer.from('12345'))
    await late.complete({ owner, fileId: complete.fileId })
    await test.uploads.partReceived(sending.storeUploadId)
    await test.uploads.get(looking.fileId, owner, { baseUrl })
    expect(await late.expire()).toBe(0)
    expect((await test.uploads.get(sending.fileId, owner)).status).toBe('open')
  })

  it('sweeps what the service began in the moment it died', async () => {
    const { fileId, key } = await startOne()
    await test.storage.begin('datasets/stray/a')
    await test.storage.begin(key) // a second one under the key of a session
    const other = await test.storage.begin('results/j/out')
    await test.again().expire()
    const left = []
    for await (const upload of test.storage.listUploads('')) left.push(upload.key)
    expect(left.sort()).toEqual([key, 'results/j/out'])
    expect(other).toBeDefined()
    expect((await test.uploads.get(fileId, owner)).status).toBe('open')
  })

  it('leaves alone what is being stored in parts, until that is an old story', async () => {
    const uploadId = await test.storage.begin('datasets/form/large')
    const upload = { key: 'datasets/form/large', uploadId }
    await test.again({ strayMs: 60_000 }).expire()
    expect(await test.storage.listParts(upload)).toEqual([])
    await test.again().expire()
    await expect(test.storage.listParts(upload)).rejects.toEqual(code('upload-not-found'))
  })

  it('leaves nothing open when the store fails while uploads begin', async () => {
    let begun = 0
    const failing: Storage = {
      ...test.storage,
      begin: (key, options) => {
        if (++begun === 3) return Promise.reject(new Error('the store is down'))
        return test.storage.begin(key, options)
      },
    }
    const files = ['a', 'b', 'c'].map((filename) => ({ filename, sizeBytes: 1 }))
    const uploads = test.again({ storage: failing })
    await expect(uploads.start({ owner, files, partBytes: 10, baseUrl })).rejects.toThrow('down')
    await uploads.expire()
    for await (const open of test.storage.listUploads('')) expect(open).toBeUndefined()
  })
})
