import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { createCompatClient } from '@longhaul/client/compat'
import { fileSource, nodeSha256, notedUploads, withFiles } from '@longhaul/client/node'
import { dataset as datasetView } from '@longhaul/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { hasPython, pythonFolder } from './harness/python.ts'

const MiB = 1024 * 1024
const bytes = randomBytes(11 * MiB)
const sha256 = createHash('sha256').update(bytes).digest('hex')

let service: HttpService
let folder: string
let large: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-upload-clients-'))
  large = path.join(folder, 'large.h5')
  await mkdir(path.join(folder, 'scans/b'), { recursive: true })
  await writeFile(path.join(folder, 'scans/a.tif'), 'a')
  await writeFile(path.join(folder, 'scans/b/x.tif'), 'x')
  await writeFile(large, bytes)
  service = await startHttpService({ chunkBytes: 5 * MiB })
})
afterAll(async () => {
  await service?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function filesOf(identifier: string): Promise<readonly [string, string | null][]> {
  const { json } = await service.call(`GET /api/v1/datasets/${identifier}`)
  return datasetView.parse(json).files.map(({ name, sha256: digest }) => [name, digest])
}

describe("system E's client methods [X.9]", () => {
  const dataset = { userEmail: 'ada@example.org', datasetName: 'Scan', sensor: 'OTHER' }
  /** A new one each time: what it knows is what is noted. */
  const client = () =>
    withFiles(
      createCompatClient({
        ...{ url: service.url, newHasher: nodeSha256 },
        uploadMemory: notedUploads(path.join(folder, 'state')),
      }),
    )

  it('send in chunks; after an interruption only those that are missing', async () => {
    const stop = new AbortController()
    const first = client().uploadFileChunked(await fileSource(large), dataset, {
      signal: stop.signal,
      onProgress: (sent) => sent > 0 && stop.abort(new Error('stopped')),
    })
    await expect(first).rejects.toThrow('stopped')
    const told: number[] = []
    const sent = await client().uploadFileParallel(await fileSource(large), dataset, {
      onProgress: (bytesSent) => told.push(bytesSent),
    })
    expect([told[0], told.at(-1)]).toEqual([5 * MiB, 11 * MiB])
    const { status, progress_percentage } = await client().waitForCompletion(sent.job_id, {
      pollMs: 50,
    })
    expect([status, progress_percentage]).toEqual(['completed', 100])
    expect(await filesOf(sent.dataset_uuid)).toEqual([['large.h5', sha256]])
    // Once more it is the same upload, and the same answer.
    const again = await client().uploadFileParallel(await fileSource(large), dataset)
    expect(again.dataset_uuid).toBe(sent.dataset_uuid)
  })

  it('send a folder into one dataset, and list and describe what there is', async () => {
    const sent = await client().uploadDirectory(path.join(folder, 'scans'), dataset)
    for (const { job_id } of sent)
      expect((await client().waitForCompletion(job_id, { pollMs: 50 })).status).toBe('completed')
    const files = await filesOf(sent[0]!.dataset_uuid)
    expect(files.map(([name]) => name).toSorted()).toEqual(['a.tif', 'b/x.tif'])
    const listed = await client().listUploadJobs({ userEmail: dataset.userEmail })
    expect(listed.jobs.map(({ job_id }) => job_id)).toContain(sent[0]!.job_id)
    expect(await client().getUploadLimits()).toHaveProperty('max_file_size_bytes')
    expect(await client().getSupportedSources()).toHaveProperty('source_types')
    expect(await client().estimateUploadTime('s3', 10)).toHaveProperty('estimated_seconds')
  })

  it('give up an upload that is not complete', async () => {
    const { upload_id } = await client().initiateLargeUpload(
      { filename: 'x', fileSize: 6 * MiB, fileHash: 'a'.repeat(64) },
      dataset,
    )
    expect((await client().getResumeInfo(upload_id)).missing_chunks).toEqual([0, 1])
    await client().cancelUpload(upload_id)
    await expect(client().getChunkStatus(upload_id)).rejects.toThrow()
  })
})

const script = `
import hashlib, sys
from longhaul import UploadClient
ana = ("ada@example.org", "From Python", "OTHER")
with UploadClient() as lh:
    sent = lh.upload_file_parallel("large.h5", *ana)
    print(lh.wait_for_completion(sent["job_id"], poll_interval=0.05)["status"], sent["dataset_uuid"])
    again = lh.upload_file_chunked("large.h5", *ana)
    print(again["dataset_uuid"] == sent["dataset_uuid"])
    folder = lh.upload_directory("scans", *ana)
    print([lh.wait_for_completion(one["job_id"], poll_interval=0.05)["status"] for one in folder])
    print(lh.get_upload_limits()["max_file_size_bytes"], len(lh.list_upload_jobs("ada@example.org", limit=2)["jobs"]))
`

it.skipIf(!hasPython())('do the same from Python, answering dictionaries', async () => {
  const child = spawn('python3', ['-c', script], {
    cwd: folder,
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
      ...{ LONGHAUL_URL: service.url, PYTHONPATH: pythonFolder },
    },
  })
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  expect(stderr).toBe('')
  const [ended = '', ...lines] = stdout.trim().split('\n')
  expect(lines).toEqual(['True', "['completed', 'completed']", '10995116277760 2'])
  const [status, uuid = ''] = ended.split(' ')
  expect(status).toBe('completed')
  expect(await filesOf(uuid)).toEqual([['large.h5', sha256]])
})
