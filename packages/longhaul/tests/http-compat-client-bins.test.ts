import { createCompatClient, DownloadError } from '@longhaul/client/compat'
import { nodeSha256, withFiles } from '@longhaul/client/node'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'

const processor = path.join(import.meta.dirname, 'fixtures/compat-bins.ts')
const served = existsSync(processor)
if (!served)
  process.stderr.write('Skipped: this service serves no bins yet; nothing to upload to.\n')

describe.skipIf(!served)('a program that knew the client of system B', () => {
  let service: HttpService
  beforeAll(async () => {
    service = await startHttpService({}, [processor])
  })
  afterAll(() => service?.stop())
  const open = () =>
    withFiles(createCompatClient({ url: service.url, system: 'B', newHasher: nodeSha256 }))

  it('uploads bins as one job, waits, and downloads tables, shards and indices', async () => {
    const client = open()
    const root = path.join(service.folder, 'bins')
    await mkdir(root)
    for (const id of ['D1', 'D2'])
      for (const [end, text] of [
        ['adc', 'a'],
        ['roi', 'r'],
        ['hdr', '{"rois": 3}'],
      ] as const)
        await writeFile(path.join(root, `${id}.${end}`), text)
    const id = await client.uploadBinsFromDirectory(root)
    const job = await client.waitForJob(id)
    expect(job).toMatchObject({ job_id: id, result: { counts: { bins: 2, masks: 6 } } })

    const folder = path.join(service.folder, 'downloads')
    const { features, masks, indices } = await client.downloadResults(id, folder)
    expect(features).toEqual([path.join(folder, id, 'features/part-0000.parquet')])
    expect(await readFile(features?.[0] ?? '', 'utf8')).toBe(
      'D1: D1.adc D1.roi D1.hdr 32\nD2: D2.adc D2.roi D2.hdr 32',
    )
    expect(masks).toEqual([path.join(folder, id, 'masks/shard-00000.tar')])
    expect(indices?.[0]).toBe(path.join(folder, id, 'masks/shard-00000.json'))
    expect(Object.keys(await client.downloadResults(id, folder, { includeMasks: false }))).toEqual([
      'features',
      'indices',
    ])

    // What was uploaded is a manifest of its own; its parameters fill the rest.
    const { bucket } = service.app.services.config
    const files = ['adc', 'roi', 'hdr'].map((end) => `s3://${bucket}/datasets/${id}/D1/D1.${end}`)
    const submitted = await client.submitJob({
      manifestInline: { bins: [{ bin_id: 'D1', files, bytes: 13 }] },
      parameters: { batch_size: 7 },
      idempotencyKey: 'once',
    })
    const again = await client.waitForJob(submitted.job_id)
    expect(again.result).toMatchObject({ counts: { bins: 1 } })
  })

  it('gives up an ingest, and fetches nothing but outputs', async () => {
    const client = open()
    const started = await client.startIngest({
      bins: [{ bin_id: 'D1', files: [{ filename: 'D1.adc', size_bytes: 3 }] }],
    })
    expect(started.bins.map(({ bin_id, files }) => [bin_id, files.length])).toEqual([['D1', 1]])
    await client.abortIngest(started.job_id)
    const [file] = started.bins[0]?.files ?? []
    await expect(
      client.completeIngest({
        job_id: started.job_id,
        bin_id: 'D1',
        file_id: file?.file_id ?? '',
        upload_id: file?.upload_id ?? '',
        parts: [],
      }),
    ).rejects.toThrow()
    await expect(client.downloadFile('https://x/y', '.')).rejects.toBeInstanceOf(DownloadError)
  })
})
