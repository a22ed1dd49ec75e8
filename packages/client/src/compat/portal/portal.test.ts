import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createCompatClient, JobNotFoundError, JobTimeoutError } from '../index.ts'
import { fileSource, nodeSha256, notedUploads, withFiles } from '../../node.ts'

const dataset = { userEmail: 'ana@lab.org', datasetName: 'Scan', sensor: 'TIFF' }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'longhaul-portal-'))
  cleanups.push(() => rm(made, { recursive: true, force: true }))
  return made
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** System E's routes in memory, with chunks of ten bytes. `before` may answer instead. */
async function portal(
  before: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
) {
  const asked: { route: string; fields: Record<string, unknown>; file?: Buffer }[] = []
  const chunks = new Map<number, Buffer>()
  let announced = { file_size: 0, file_hash: '', filename: '' }
  const started = {
    ...{ job_id: 'upload_1', status: 'queued', message: 'ok', estimated_duration: 60 },
    ...{ upload_type: 'standard', dataset_uuid: 'd-1' },
  }
  const answerOf = async (route: string, request: IncomingMessage): Promise<unknown> => {
    const type = request.headers['content-type'] ?? ''
    const body = new Response(request as never, { headers: { 'content-type': type } })
    const form = type.startsWith('multipart/') ? await body.formData() : undefined
    const fields = (
      form === undefined ? (type === '' ? {} : await body.json()) : Object.fromEntries(form)
    ) as Record<string, unknown>
    const sent = fields['file'] ?? fields['chunk']
    const file = sent instanceof File ? Buffer.from(await sent.arrayBuffer()) : undefined
    asked.push({ route, fields, ...(file && { file }) })
    const total = Math.ceil(announced.file_size / 10)
    const missing = Array.from({ length: total }, (_, n) => n).filter((n) => !chunks.has(n))
    const [, , , , action, what, id, index] = route.split(/[ /]/)
    if (action !== 'large') {
      if (action === 'status')
        return {
          ...{ job_id: what, status: 'completed', progress_percentage: 100, source_type: 'local' },
          ...{ bytes_uploaded: 1, bytes_total: 1, message: null, error: null, dataset_uuid: 'd-1' },
          ...{ error_message: null, speed_mbps: null, eta_seconds: null, current_file: null },
          ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' },
        }
      return started
    }
    if (what === 'cancel') return {}
    if (what === 'initiate') {
      announced = fields as never
      const size = announced.file_size
      return {
        upload_id: 'large_upload_1',
        chunk_size: 10,
        total_chunks: Math.ceil(size / 10),
        message: '',
      }
    }
    if (what === 'chunk') {
      if (sha256(file!) !== fields['chunk_hash']) throw new Error('another digest')
      chunks.set(Number(index), file!)
      return {}
    }
    if (what === 'resume')
      return {
        upload_id: id,
        missing_chunks: missing,
        total_chunks: total,
        can_resume: missing.length > 0,
      }
    const whole = Buffer.concat(Array.from({ length: total }, (_, n) => chunks.get(n)!))
    if (sha256(whole) !== announced.file_hash) throw new Error('another whole')
    return {
      ...{ message: 'ok', file_path: 's3://b/x', file_size: whole.length, job_submitted: true },
      ...{ job_id: 'upload_2', dataset_uuid: 'd-2', status: 'verifying' },
    }
  }
  const server = createServer((request, response) => {
    if (before(request, response)) return
    void answerOf(`${request.method} ${request.url}`, request).then(
      (answer) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  return { asked, chunks, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const clientOf = (url: string, state?: string) =>
  withFiles(
    createCompatClient({
      ...{ url, tries: 1, newHasher: nodeSha256 },
      uploadMemory: state === undefined ? undefined : notedUploads(state),
    }),
  )

describe('a file of system E', () => {
  it('goes as one form when it is small, from a page and from a disk alike', async () => {
    const { asked, url } = await portal()
    const client = clientOf(url)
    const file = path.join(await folder(), 'a "b".tif')
    await writeFile(file, 'bytes')
    await client.uploadFile(new File(['bytes'], 'a "b".tif'), { ...dataset, tags: ['x', 'y'] })
    const answer = await client.uploadLocalFile(file, { ...dataset, tags: ['x', 'y'] })
    expect(answer).toMatchObject({ job_id: 'upload_1', upload_type: 'standard' })
    for (const { route, fields, file: sent } of asked) {
      expect([route, String(sent)]).toEqual(['POST /api/upload/upload', 'bytes'])
      expect(fields).toMatchObject({
        ...{ user_email: 'ana@lab.org', dataset_name: 'Scan', sensor: 'TIFF', tags: 'x,y' },
        ...{ convert: 'true', is_public: 'false' },
      })
      expect(decodeURI((fields['file'] as File).name)).toBe('a "b".tif')
    }
  })

  it('goes in chunks with their digests, and after an interruption only what is missing', async () => {
    let left = 3
    const { asked, chunks, url } = await portal((request, response) => {
      if (!request.url?.includes('/chunk/') || left-- !== 0) return false
      response.destroy()
      return true
    })
    const there = await folder()
    const file = path.join(there, 'large.bin')
    const bytes = randomBytes(75)
    await writeFile(file, bytes)
    const send = async () => {
      // A new client each time: only what is noted is known.
      const client = clientOf(url, path.join(there, 'state'))
      const told: number[] = []
      const onProgress = (sent: number) => told.push(sent)
      const answer = await client.uploadFileChunked(await fileSource(file), dataset, { onProgress })
      return { answer, told }
    }
    await expect(send()).rejects.toThrow('Cannot reach')
    const { answer, told } = await send()
    expect(answer).toMatchObject({
      job_id: 'upload_2',
      upload_type: 'chunked',
      status: 'verifying',
    })
    expect([told[0], told.at(-1)]).toEqual([30, 75])
    expect(Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, part]) => part))).toEqual(
      bytes,
    )
    const routes = asked.map(({ route }) => route)
    expect(routes.filter((route) => route.includes('/chunk/'))).toHaveLength(8)
    expect(routes.filter((route) => route.endsWith('/initiate'))).toHaveLength(1)
    // Another dataset is another upload, whatever is remembered.
    const other = clientOf(url, path.join(there, 'state'))
    await other.uploadFileParallel(await fileSource(file), { ...dataset, datasetName: 'Other' })
    expect(asked.filter(({ route }) => route.endsWith('/initiate'))).toHaveLength(2)
  })

  it('of a folder keeps its place below it, all in the dataset that the first one made', async () => {
    const { asked, url } = await portal()
    const root = await folder()
    await mkdir(path.join(root, 'b/c'), { recursive: true })
    await writeFile(path.join(root, 'b/c/x.tif'), 'x')
    await writeFile(path.join(root, 'a.tif'), 'a')
    expect(await clientOf(url).uploadDirectory(root, dataset)).toHaveLength(2)
    expect(
      asked.map(({ fields }) => [fields['relative_path'], fields['dataset_identifier']]),
    ).toEqual([
      ['a.tif', undefined],
      ['b/c/x.tif', 'd-1'],
    ])
  })
})

describe('the rest of system E', () => {
  it('is asked where it always was', async () => {
    const { asked, url } = await portal()
    const client = clientOf(url)
    await client.initiateUrlUpload('https://data.org/a', dataset, { verify_ssl: true })
    await client.initiateS3Upload(
      { bucketName: 'b', objectKey: 'k', accessKeyId: 'i', secretAccessKey: 's', region: 'eu' },
      dataset,
    )
    await client.initiateGoogleDriveUpload({ fileId: 'f', serviceAccountFile: 'a.json' }, dataset)
    await client.uploadFileByPath('/data/a.tif', dataset)
    await client.cancelUpload('upload_1')
    await client.cancelUpload('large_upload_1')
    await client.getSupportedSources()
    await client.getUploadLimits()
    await client.estimateUploadTime('s3', 12)
    expect(asked.map(({ route }) => route)).toEqual([
      'POST /api/upload/initiate',
      'POST /api/upload/initiate',
      'POST /api/upload/initiate',
      'POST /api/upload/upload-path',
      'POST /api/upload/cancel/upload_1',
      'DELETE /api/upload/large/cancel/large_upload_1',
      'GET /api/upload/supported-sources',
      'GET /api/upload/limits',
      'GET /api/upload/estimate-time?source_type=s3&file_size_mb=12',
    ])
    expect(asked[1]?.fields['source_config']).toEqual({
      ...{
        bucket_name: 'b',
        object_key: 'k',
        access_key_id: 'i',
        secret_access_key: 's',
        region: 'eu',
      },
    })
  })

  it('is waited for until it has ended, and fails in the words of the old client', async () => {
    const { url } = await portal()
    const client = clientOf(url)
    expect((await client.waitForCompletion('upload_1')).status).toBe('completed')
    const { url: other } = await portal((request, response) => {
      if (request.url?.endsWith('/gone')) {
        response.writeHead(404, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ code: 'job-not-found', detail: 'Job not found' }))
        return true
      }
      return false
    })
    await expect(clientOf(other).getUploadStatus('gone')).rejects.toBeInstanceOf(JobNotFoundError)
    const slow = createCompatClient({
      url: 'http://s',
      fetch: async () =>
        Response.json({
          ...{ job_id: 'u', status: 'uploading', progress_percentage: 1, source_type: 'url' },
          ...{ bytes_uploaded: 1, bytes_total: 1, message: null, error: null, dataset_uuid: null },
          ...{ error_message: null, speed_mbps: null, eta_seconds: null, current_file: null },
          ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' },
        }),
    })
    const wait = slow.waitForCompletion('u', { timeoutMs: 20, pollMs: 5 })
    await expect(wait).rejects.toBeInstanceOf(JobTimeoutError)
  })
})
