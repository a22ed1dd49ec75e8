import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bytes } from '../storage/index.ts'
import { baseUrl, openUploads, type UploadsUnderTest } from './uploads.fixture.ts'
import type { StartUploads, Uploads } from './uploads.ts'

let test: UploadsUnderTest
beforeEach(async () => {
  test = await openUploads()
})
afterEach(() => test[Symbol.asyncDispose]())

const owner = 'ada'
const bytes = Buffer.from('0123456789abcdefghijklmnop')
const sha256Of = (part: Buffer) => createHash('sha256').update(part).digest('hex')
const code = (code: string, facts = {}): unknown =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

async function start(file: Partial<StartUploads['files'][number]> = {}): Promise<string> {
  const { files } = await test.uploads.start({
    owner,
    files: [{ filename: 'a.bin', appended: true, ...file }],
    partBytes: 10,
    baseUrl,
  })
  expect(files[0]?.partUrls).toEqual([])
  return files[0]?.fileId ?? ''
}
const append = (
  uploadId: string,
  offset: number,
  body: Bytes,
  more: object = {},
  uploads: Uploads = test.uploads,
) => uploads.append({ owner, uploadId, offset, body, ...more })
const offsetOf = async (uploadId: string) =>
  (await test.uploads.offsetOf({ owner, uploadId })).offset
const contentOf = async (key: string) => buffer((await test.storage.get(key)).body)

/** Gives the first bytes and the rest never. */
function hanging(first: Buffer) {
  const { promise: taken, resolve } = Promise.withResolvers<void>()
  const body = async function* () {
    yield first
    resolve()
    await new Promise(() => {})
  }
  return { body: body(), taken }
}

describe('an upload that is appended to', () => {
  it('of known size is complete with its last byte', async () => {
    const uploadId = await start({ sizeBytes: 26, sha256: sha256Of(bytes), note: 'a note' })
    expect(await append(uploadId, 0, bytes.subarray(0, 7))).toEqual({
      offset: 7,
      isComplete: false,
    })
    expect(await test.uploads.get(uploadId, owner, { baseUrl })).toMatchObject({
      receivedBytes: 7,
      note: 'a note',
    })
    await expect(test.uploads.complete({ owner, fileId: uploadId })).rejects.toEqual(
      code('upload-incomplete', { offset: 7 }),
    )
    await expect(append(uploadId, 3, bytes)).rejects.toEqual(
      code('upload-offset-mismatch', { offset: 7 }),
    )
    // Another process goes on.
    const end = await append(uploadId, 7, bytes.subarray(7), {}, test.again())
    expect(end).toEqual({ offset: 26, isComplete: true })
    const done = await test.uploads.complete({ owner, fileId: uploadId })
    expect(await test.uploads.complete({ owner, fileId: uploadId })).toEqual(done)
    expect(done).toMatchObject({ sizeBytes: 26, sha256: sha256Of(bytes) })
    expect((await contentOf(done.key)).equals(bytes)).toBe(true)
    expect(await test.uploads.offsetOf({ owner, uploadId })).toMatchObject({
      offset: 26,
      sizeBytes: 26,
      status: 'completed',
      note: 'a note',
      sha256: sha256Of(bytes),
    })
    await expect(append(uploadId, 26, bytes)).rejects.toEqual(code('upload-complete'))
  })

  it('of unknown size grows until somebody says how long it is', async () => {
    const uploadId = await start()
    await append(uploadId, 0, bytes)
    expect(await test.uploads.get(uploadId, owner)).toMatchObject({
      isGrowing: true,
      receivedBytes: 26,
    })
    await expect(test.uploads.complete({ owner, fileId: uploadId })).rejects.toEqual(
      code('upload-incomplete'),
    )
    const declare = (sizeBytes: number) => test.uploads.declareSize({ owner, uploadId, sizeBytes })
    await expect(declare(25)).rejects.toEqual(code('upload-mismatch', { offset: 26 }))
    await declare(27)
    await declare(27)
    await expect(declare(28)).rejects.toEqual(code('upload-mismatch', { size_bytes: 27 }))
    await expect(append(uploadId, 26, Buffer.from('qr'))).rejects.toEqual(code('body-too-large'))
    expect(await offsetOf(uploadId)).toBe(27)
    const done = await test.uploads.complete({ owner, fileId: uploadId })
    expect(String(await contentOf(done.key))).toBe(`${bytes}q`)
  })

  it('may be empty', async () => {
    const grown = await start()
    await test.uploads.declareSize({ owner, uploadId: grown, sizeBytes: 0 })
    const appended = await start({ sizeBytes: 0 })
    await append(appended, 0, Buffer.alloc(0))
    for (const fileId of [grown, appended, await start({ sizeBytes: 0 })])
      expect((await test.uploads.complete({ owner, fileId })).sizeBytes).toBe(0)
  })

  it.each([
    ['sha1', (part: Buffer) => createHash('sha1').update(part).digest('base64')],
    ['sha256', sha256Of],
    ['md5', (part: Buffer) => createHash('md5').update(part).digest('base64')],
    ['crc32', (part: Buffer) => crc32(part).toString(16).padStart(8, '0')],
  ] as const)('takes bytes with a right %s, and nothing of others', async (algorithm, sum) => {
    const uploadId = await start({ sizeBytes: 26 })
    const checksum = { algorithm, value: sum(bytes.subarray(0, 9)) }
    await expect(append(uploadId, 0, bytes.subarray(0, 8), { checksum })).rejects.toEqual(
      code('checksum-mismatch'),
    )
    expect(await offsetOf(uploadId)).toBe(0)
    expect((await append(uploadId, 0, bytes.subarray(0, 9), { checksum })).offset).toBe(9)
  })

  it('is refused with another SHA-256 than was given, and goes on', async () => {
    const uploadId = await start({ sizeBytes: 26 })
    await append(uploadId, 0, bytes)
    const complete = (sha256: string) => test.uploads.complete({ owner, fileId: uploadId, sha256 })
    await expect(complete('0'.repeat(64))).rejects.toEqual(code('checksum-mismatch'))
    expect((await complete(sha256Of(bytes))).sha256).toBe(sha256Of(bytes))
  })

  it.each(['this process', 'another one'])(
    'is taken over at once from a silent writer in %s; what that had brought counts',
    async (where) => {
      const uploadId = await start({ sizeBytes: 26 })
      const { body, taken } = hanging(bytes.subarray(0, 5))
      const silent = append(uploadId, 0, body)
      const stopped = expect(silent).rejects.toEqual(code('upload-mismatch', { taken_over: true }))
      await taken
      const uploads = where === 'this process' ? test.uploads : test.again()
      const { offset } = await uploads.offsetOf({ owner, uploadId })
      await stopped
      expect(offset).toBe(5)
      await append(uploadId, 5, bytes.subarray(5), {}, uploads)
      const { key } = await uploads.complete({ owner, fileId: uploadId })
      expect((await contentOf(key)).equals(bytes)).toBe(true)
    },
  )

  it('is not also sent in parts, nor the other way round', async () => {
    const appended = await start({ sizeBytes: 26 })
    await append(appended, 0, bytes.subarray(0, 3))
    const put = (uploadId: string) =>
      test.uploads.putPart({ owner, uploadId, partNumber: 1, body: bytes.subarray(0, 10) })
    await expect(put(appended)).rejects.toEqual(code('upload-mismatch'))
    const inParts = await start({ sizeBytes: 26 })
    await put(inParts)
    await expect(append(inParts, 0, bytes)).rejects.toEqual(code('upload-mismatch'))
  })

  it('is nobody else’s, and gone when it is given up', async () => {
    const uploadId = await start()
    const eve = { owner: 'eve', uploadId }
    const unknown = code('upload-not-found')
    await expect(test.uploads.append({ ...eve, offset: 0, body: bytes })).rejects.toEqual(unknown)
    await expect(test.uploads.offsetOf(eve)).rejects.toEqual(unknown)
    await append(uploadId, 0, bytes)
    await test.uploads.abort(uploadId, owner)
    await expect(offsetOf(uploadId)).rejects.toEqual(unknown)
    expect((await test.storage.list('', { limit: 10 })).objects).toEqual([])
  })
})

describe('uploads that are joined', () => {
  async function partial(part: Buffer): Promise<string> {
    const uploadId = await start({ sizeBytes: part.length, partial: true })
    await append(uploadId, 0, part)
    await test.uploads.complete({ owner, fileId: uploadId })
    return uploadId
  }

  it('become one, and are no input themselves', async () => {
    const uploadIds = [
      await partial(bytes.subarray(0, 9)),
      await partial(bytes.subarray(9, 20)),
      await partial(bytes.subarray(20)),
    ]
    await expect(test.uploads.fileOf(uploadIds[0] ?? '', owner)).rejects.toEqual(
      code('upload-mismatch'),
    )
    const join = (sha256: string) =>
      test.uploads.concatenate({ owner, uploadIds, filename: 'whole.bin', sha256, note: 'n' })
    await expect(join('0'.repeat(64))).rejects.toEqual(code('checksum-mismatch'))
    const done = await join(sha256Of(bytes))
    expect(done.sizeBytes).toBe(26)
    expect(await test.uploads.get(done.fileId, owner, { baseUrl })).toMatchObject({
      status: 'completed',
      receivedBytes: 26,
    })
    for (const id of uploadIds) await test.uploads.abort(id, owner)
    expect((await contentOf(done.key)).equals(bytes)).toBe(true)
    expect(await test.uploads.fileOf(done.fileId, owner)).toMatchObject({
      name: 'whole.bin',
      size: 26,
      sha256: sha256Of(bytes),
    })
    const listed = await test.storage.list('', { limit: 10 })
    expect(listed.objects.map(({ key }) => key)).toEqual([done.key])
  })

  it('must be complete, and one’s own', async () => {
    const open = await start({ sizeBytes: 26, partial: true })
    const join = (uploadIds: string[], by = owner) =>
      test.uploads.concatenate({ owner: by, uploadIds, filename: 'whole' })
    await expect(join([open])).rejects.toEqual(
      code('upload-incomplete', { incomplete_uploads: [open] }),
    )
    await expect(join([])).rejects.toEqual(code('upload-mismatch'))
    await expect(join([await partial(bytes)], 'eve')).rejects.toEqual(code('upload-not-found'))
  })

  it('go in time, though they are complete', async () => {
    const late = test.again({ keepSeconds: -1 })
    const { files } = await late.start({
      owner,
      files: [{ filename: 'a', sizeBytes: 3, partial: true }],
      partBytes: 10,
      baseUrl,
    })
    const uploadId = files[0]?.fileId ?? ''
    await append(uploadId, 0, Buffer.from('abc'), {}, late)
    await late.complete({ owner, fileId: uploadId })
    expect(await late.expire()).toBe(1)
    await expect(late.get(uploadId, owner)).rejects.toEqual(code('upload-expired'))
    expect((await test.storage.list('', { limit: 10 })).objects).toEqual([])
  })
})
