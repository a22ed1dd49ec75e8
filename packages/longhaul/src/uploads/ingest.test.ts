import { describe, expect, it, beforeEach, afterEach } from 'vitest'
import type { Write } from '../database/database.ts'
import type { FileRef } from '../jobs/job.ts'
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

const startOne = async (): Promise<StartedFile> => {
  const { files } = await test.uploads.start({
    owner,
    files: [{ filename: 'a.bin', sizeBytes: bytes.length }],
    partBytes: 10,
    baseUrl,
  })
  if (!files[0]) throw new Error('nothing started')
  return files[0]
}
const code = (code: string, facts = {}): unknown =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

describe('an ingest', () => {
  const jobId = '7d9cf2a1-0000-4000-8000-000000000001'
  const submitted: { files: readonly FileRef[]; processor: string | undefined }[] = []
  beforeEach(async () => {
    submitted.length = 0
    await test.database.write([{ statement: 'test.table', params: [] }])
  })
  /** As the engine does it: the job and what must commit with it, in one transaction; an id only once. */
  const submit = async (
    files: readonly FileRef[],
    processor: string | undefined,
    also: readonly Write[],
  ) => {
    await test.database.write([{ statement: 'test.make', params: [jobId] }, ...also])
    submitted.push({ files, processor })
  }
  const startIngest = async (uploads = test.uploads): Promise<StartedFile[]> => {
    const { files } = await uploads.start({
      owner,
      jobId,
      processor: 'count',
      files: ['b.adc', 'a.roi'].map((filename) => ({ filename, sizeBytes: bytes.length })),
      partBytes: 10,
      baseUrl,
    })
    return [...files]
  }
  const complete = (file: StartedFile | undefined, uploads = test.uploads, more = {}) =>
    uploads.complete({
      owner,
      jobId,
      fileId: file?.fileId ?? '',
      ...(file && { storeUploadId: file.storeUploadId }),
      submit,
      ...more,
    })

  it('becomes one job with its last file, in the order of the start', async () => {
    const [first, second] = await startIngest()
    expect(first?.key).toBe(`datasets/${jobId}/b.adc`)
    for (const file of [first, second]) if (file) await send(test.storage, file, bytes)
    await complete(second)
    expect(submitted).toEqual([])
    await complete(first)
    expect(submitted).toHaveLength(1)
    expect(submitted[0]?.processor).toBe('count')
    expect(submitted[0]?.files.map((file) => file.name)).toEqual(['b.adc', 'a.roi'])
    await complete(first)
    await complete(second)
    expect(submitted).toHaveLength(1)
  })

  it('becomes one job when both files are the last', async () => {
    const files = await startIngest()
    for (const file of files) await send(test.storage, file, bytes)
    await Promise.all([...files, ...files].map((file) => complete(file, test.again())))
    expect(submitted).toHaveLength(1)
    expect(await test.database.read('test.made', [])).toEqual([{ id: jobId }])
  })

  it('becomes the job at the next try when the service died between the last file and the job', async () => {
    const [first, second] = await startIngest()
    for (const file of [first, second]) if (file) await send(test.storage, file, bytes)
    await complete(second)
    const dying = complete(first, test.uploads, { submit: () => Promise.reject(new Error('died')) })
    await expect(dying).rejects.toThrow('died')
    const done = await complete(first, test.again())
    expect(done.sizeBytes).toBe(26)
    expect(submitted).toHaveLength(1)
  })

  it('refuses ids that do not belong together', async () => {
    const [first, second] = await startIngest()
    const mismatch = code('upload-mismatch')
    await expect(complete(first, test.uploads, { jobId: 'other' })).rejects.toEqual(mismatch)
    const swapped = { storeUploadId: second?.storeUploadId }
    await expect(complete(first, test.uploads, swapped)).rejects.toEqual(mismatch)
    await expect(complete(undefined)).rejects.toEqual(mismatch)
    const { fileId = '' } = first ?? {}
    await expect(test.uploads.complete({ owner, fileId })).rejects.toEqual(mismatch)
    const plain = await startOne()
    await expect(complete(plain)).rejects.toEqual(mismatch)
  })

  it('ends as a whole: what it had in the store goes too', async () => {
    const late = test.again({ keepSeconds: -1 })
    const [first, second] = await startIngest(late)
    if (first) await send(test.storage, first, bytes)
    await complete(first, late)
    expect(await test.storage.head(first?.key ?? '')).toBeDefined()
    expect(await late.expire()).toBe(1)
    expect(await test.storage.head(first?.key ?? '')).toBeUndefined()
    await expect(complete(first)).rejects.toEqual(code('upload-expired'))
    await expect(complete(second)).rejects.toEqual(code('upload-expired'))
    expect(submitted).toEqual([])
  })

  it('that has become a job is never ended', async () => {
    const late = test.again({ keepSeconds: -1 })
    const [first, second] = await startIngest(late)
    for (const file of [first, second]) if (file) await send(test.storage, file, bytes)
    await complete(first)
    await complete(second)
    expect(await late.expire()).toBe(0)
    await expect(late.abort(first?.fileId ?? '', owner)).rejects.toEqual(code('upload-complete'))
    expect(await test.storage.head(first?.key ?? '')).toBeDefined()
  })
})
