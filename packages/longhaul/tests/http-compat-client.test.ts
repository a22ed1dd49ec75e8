import {
  ApiError,
  createCompatClient,
  DownloadError,
  JobFailedError,
  JobNotFoundError,
  JobTimeoutError,
  NetworkError,
  UploadError,
} from '@longhaul/client/compat'
import { nodeSha256, withFiles } from '@longhaul/client/node'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'

let service: HttpService
beforeAll(async () => {
  const processor = path.join(import.meta.dirname, 'fixtures/compat-processor.ts')
  service = await startHttpService({}, [processor])
})
afterAll(() => service.stop())

const open = (base: string) =>
  withFiles(createCompatClient({ url: service.url + base, newHasher: nodeSha256 }))
let folders = 0
async function folderOf(files: Record<string, string | Buffer>): Promise<string> {
  const folder = path.join(service.folder, `bins-${folders++}`)
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), bytes)
  }
  return folder
}
const bin = (id: string) => ({ [`${id}.adc`]: 'adc', [`${id}.roi`]: 'roi!', [`${id}.hdr`]: 'h' })
const orders = (what: object) => new File([JSON.stringify(what)], 'orders.json')

describe.each([
  ['at the root', ''],
  ['below its processor', '/processors/count'],
])('a program that knew the clients of A and B, %s', (_where, base) => {
  it('uploads a folder of bins as one job, waits and downloads what it made', async () => {
    const client = open(base)
    expect(await client.health()).toMatchObject({ status: 'healthy' })
    const root = await folderOf({ ...bin('D1'), ...bin('deep/D2'), 'D3.adc': 'alone' })
    const upload = client.uploadBinsFromDirectory(root)
    await expect(upload).rejects.toThrow('Bin D3 has no .roi, .hdr')
    const told: number[] = []
    const id = await client.uploadBinsFromDirectory(root, {
      skipIncomplete: true,
      onProgress: (sent) => told.push(sent),
    })
    expect(told.at(-1)).toBe(16)
    const job = await client.waitForJob(id)
    expect(job).toMatchObject({ job_id: id, result: { metrics: { inputs_processed: 6 } } })

    const folder = await folderOf({})
    const saved = await client.downloadResults(id, folder)
    const responses = path.join(folder, id, 'responses_00000.jsonl')
    expect(saved).toMatchObject({ features: [responses] })
    const names = (await readFile(responses, 'utf8')).trim().split('\n')
    expect(names.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(
      ['D1', 'D2'].flatMap((one) => [`${one}.adc`, `${one}.roi`, `${one}.hdr`]),
    )
    // What is there is kept, unless it is to be replaced.
    await writeFile(responses, 'mine')
    await client.downloadResults(id, folder)
    expect(await readFile(responses, 'utf8')).toBe('mine')
    await client.downloadResults(id, folder, { overwrite: true })
    expect((await readFile(responses, 'utf8')).length).toBeGreaterThan(100)
    expect((await client.listJobs(1)).map(({ job_id }) => job_id)).toEqual([id])
  })

  it('sends a file of several parts at once, cut as the service says', async () => {
    const client = open(base)
    const bytes = randomBytes((5 << 20) * 2 + 1)
    const id = await client.uploadFiles([new File([bytes], 'large.bin')])
    const { result } = await client.waitForJob(id)
    expect(result).toMatchObject({ metrics: { bytes: bytes.length } })
    const [output] = await client.outputs(id)
    const chunks: Uint8Array[] = []
    const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk), reset: () => {} }
    await client.download(output!, sink)
    const record: unknown = JSON.parse(Buffer.concat(chunks).toString())
    expect(record).toMatchObject({ sha256: nodeDigest(bytes), size: bytes.length })
  })

  it('submits a manifest once however often it asks, hears progress, and cancels', async () => {
    const client = open(base)
    const first = await client.uploadFiles([orders({ wait_for: '/nowhere/at/all', say: 'hello' })])
    const stop = new AbortController()
    const heard: unknown[] = []
    const onProgress = (progress: object) => {
      heard.push(progress)
      if ('said' in progress) stop.abort(new Error('heard'))
    }
    await expect(client.waitForJob(first, { onProgress, signal: stop.signal })).rejects.toThrow(
      'heard',
    )
    expect(heard.at(-1)).toMatchObject({ stage: 'counting', said: 'hello' })
    await expect(client.waitForJob(first, { timeoutMs: 1 })).rejects.toBeInstanceOf(JobTimeoutError)
    await expect(client.downloadResults(first, '.')).rejects.toThrow(/is processing; wait/)
    await client.cancelJob(first)
    const error = await client.waitForJob(first).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(JobFailedError)
    expect(error).toMatchObject({ jobId: first, errorMessage: 'cancelled' })

    const uri = `s3://${service.app.services.config.bucket}/datasets/${first}/orders.json`
    const request = { manifestInline: { files: [uri] }, idempotencyKey: `key${base}` }
    const submitted = await client.submitJob(request)
    expect((await client.submitJob(request)).job_id).toBe(submitted.job_id)
    await client.cancelJob(submitted.job_id)
  })

  it('knows its errors again', async () => {
    const client = open(base)
    await expect(client.getJob('nothing')).rejects.toBeInstanceOf(JobNotFoundError)
    await expect(client.submitJob({})).rejects.toBeInstanceOf(TypeError)
    await expect(client.startIngest({ files: [] })).rejects.toMatchObject({ statusCode: 422 })
    await expect(client.startIngest({ files: [] })).rejects.toBeInstanceOf(ApiError)
    const twins = [new File(['a'], 'a.txt'), new File(['b'], 'a.txt')]
    await expect(client.uploadFiles(twins)).rejects.toBeInstanceOf(UploadError)
    for (const uri of ['s3://b/datasets/x/y', 'file:///etc/passwd', 's3://b/results/../../x'])
      await expect(client.downloadFile(uri, '.')).rejects.toBeInstanceOf(
        uri.includes('datasets') ? JobNotFoundError : DownloadError,
      )
    const away = createCompatClient({ url: 'http://127.0.0.1:1', tries: 1 })
    await expect(away.health()).rejects.toBeInstanceOf(NetworkError)
  })
})

function nodeDigest(bytes: Uint8Array): string {
  const hasher = nodeSha256()
  hasher.update(bytes)
  return hasher.digestHex()
}
