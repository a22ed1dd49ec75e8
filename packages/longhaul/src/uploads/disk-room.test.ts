import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Storage } from '../storage/index.ts'
import { baseUrl, openUploads, type UploadsUnderTest } from './uploads.fixture.ts'

let test: UploadsUnderTest
beforeEach(async () => {
  test = await openUploads()
})
afterEach(() => test[Symbol.asyncDispose]())

/** The same sessions and store on a volume of this kind. */
const on = (free: number, total: number, diskFloorBytes?: number) => {
  const storage: Storage = { ...test.storage, freeBytes: async () => ({ free, total }) }
  return test.again({ storage, ...(diskFloorBytes !== undefined && { diskFloorBytes }) })
}
const refused = (facts: object) => ({ code: 'insufficient-storage', facts })
const start = (sizeBytes: number, uploads = test.uploads) =>
  uploads.start({ owner: 'ada', files: [{ filename: 'a', sizeBytes }], partBytes: 100, baseUrl })

it('leaves the smaller of 1 GiB and 2 % of the volume free, or what the operator says', async () => {
  await on(500, 1000).checkRoom(480)
  await expect(on(500, 1000).checkRoom(481)).rejects.toMatchObject(
    refused({ needed_bytes: 481, usable_bytes: 480 }),
  )
  await on(2 * 1024 ** 3, 1e13).checkRoom(1024 ** 3)
  await expect(on(1024 ** 3, 1e13).checkRoom(1)).rejects.toMatchObject(refused({ usable_bytes: 0 }))
  await on(500, 1000, 100).checkRoom(400)
  await expect(on(500, 1000, 100).checkRoom(401)).rejects.toMatchObject(refused({}))
})

it('takes nothing below the floor, not even nothing', async () => {
  await expect(on(10, 1000).checkRoom(0)).rejects.toMatchObject(refused({}))
  await expect(on(10, 1000).checkRoom(1, { promised: true })).rejects.toMatchObject(refused({}))
})

it('keeps the room that open uploads were promised, less what has come of it', async () => {
  const [file] = (await start(300)).files
  if (!file) throw new Error('nothing started')
  await on(500, 1000, 0).checkRoom(200)
  await expect(start(201, on(500, 1000, 0))).rejects.toMatchObject(refused({ usable_bytes: 200 }))
  await on(500, 1000, 0).checkRoom(300, { promised: true })

  const upload = { key: file.key, uploadId: file.storeUploadId }
  await test.storage.putPart(upload, 1, Buffer.alloc(100))
  await on(400, 1000, 0).checkRoom(200)
  await expect(on(400, 1000, 0).checkRoom(201)).rejects.toMatchObject(refused({}))
  await test.uploads.abort(file.fileId, 'ada')
  await on(500, 1000, 0).checkRoom(500)
})

it('takes everything where the store cannot tell', async () => {
  const storage: Storage = { ...test.storage, freeBytes: async () => undefined }
  await test.again({ storage }).checkRoom(1e15)
})

it('promises the same room once, to whoever comes at the same moment', async () => {
  const starts = Array.from({ length: 8 }, () => start(300, on(1000, 1000, 0)))
  const settled = await Promise.allSettled(starts)
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  for (const one of settled)
    if (one.status === 'rejected') expect(one.reason).toMatchObject(refused({ needed_bytes: 300 }))
})
