import {
  dataset,
  datasetStatusView,
  jobView,
  largeUploadCompleted,
  portalUpload,
  portalUploadList,
  portalUploadStarted,
} from '@longhaul/protocol'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApp, readConfig } from '../src/app/index.ts'
import { createKeys } from '../src/keys/index.ts'
import { ownBackends } from './harness/backends.ts'
import {
  fixture,
  startHttpService,
  type Call,
  type HttpService,
  type Loose,
} from './harness/http-service.ts'
import { startServer } from './harness/server-process.ts'
import { until } from './harness/until.ts'

// System E's upload half, row by row.

const MiB = 1024 * 1024

let folder: string
let service: HttpService
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-portal-'))
  await mkdir(path.join(folder, 'allowed'))
  await writeFile(path.join(folder, 'allowed', 'scan.nc'), 'a scan')
  await writeFile(path.join(folder, 'secret.txt'), 'not yours')
  service = await startHttpService(
    {
      chunkBytes: 5 * MiB,
      inputRoots: [path.join(folder, 'allowed')],
      rules: [
        { match: '*.words', processor: 'word-count' },
        { match: 'application/x-words', processor: 'word-count' },
      ],
    },
    [fixture('word-count.ts')],
  )
})
afterAll(async () => {
  await service?.stop()
  await rm(folder, { recursive: true, force: true })
})

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const common = {
  user_email: 'ada@example.org',
  dataset_name: 'Tide gauge',
  sensor: 'NETCDF',
  convert: 'true',
  is_public: 'no',
}
type Fields = Record<string, string>
const form = (name: string, bytes: string, fields: Fields = {}): NonNullable<Call['form']> => ({
  ...common,
  ...fields,
  file: [[name, bytes]],
})
const send = (name: string, bytes: string, fields?: Fields, headers: Fields = {}) =>
  service.call('POST /api/upload/upload', { form: form(name, bytes, fields), headers })
const upload = async (name: string, bytes: string, fields?: Fields) => {
  const answer = await send(name, bytes, fields)
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, answer.text.slice(0, 300)])
  return portalUploadStarted.strict().parse(answer.json)
}
const statusOf = async (id: string) => {
  const answer = await service.call(`GET /api/upload/status/${id}`)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return portalUpload.strict().parse(answer.json)
}
const untilStatus = (id: string, status: string) =>
  until(`${id} to be ${status}`, async () => {
    const seen = await statusOf(id)
    return seen.status === status ? seen : undefined
  })
const datasetOf = async (identifier: string) => {
  const answer = await service.call(`GET /api/v1/datasets/${encodeURIComponent(identifier)}`)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return dataset.strict().parse(answer.json)
}
const untilDone = (uuid: string) =>
  until(`the dataset ${uuid}`, async () => {
    const seen = await datasetOf(uuid)
    return seen.status === 'done' ? seen : undefined
  })

describe('a form', () => {
  it('[E.2 POST /api/upload/upload E.2 GET /api/upload/status/{job_id} E.8.1 E.8.2 E.8.3] becomes one job with one id everywhere, and a dataset', async () => {
    const started = await upload('tide.nc', 'sea level', { tags: 'sea, level,, sea', folder: 'F' })
    expect(started).toMatchObject({
      status: 'queued',
      upload_type: 'standard',
      estimated_duration: 60,
    })
    expect(started.job_id).toMatch(/^upload_\d+_[0-9a-f]{8}$/)
    expect(await untilStatus(started.job_id, 'completed')).toMatchObject({
      progress_percentage: 100,
      bytes_uploaded: 9,
      bytes_total: 9,
      error: null,
      error_message: null,
      dataset_uuid: started.dataset_uuid,
    })
    const { json: job } = await service.call(`GET /jobs/${started.job_id}`)
    expect(job).toMatchObject({ kind: 'upload', status: 'completed' })
    const made = await untilDone(started.dataset_uuid)
    const year = new Date().getUTCFullYear()
    expect(made).toMatchObject({
      name: 'Tide gauge',
      user: 'ada@example.org',
      sensor: 'NETCDF',
      convert: true,
      is_public: false,
      folder_uuid: 'F',
      source_type: 'local',
      job_id: started.job_id,
      total_size_bytes: 9,
      file_count: 1,
      error_message: null,
      files: [{ name: 'tide.nc', total_size_bytes: 9 }],
    })
    expect(made.slug).toMatch(new RegExp(`^ada-tide-gauge-${year}(-\\d+)?$`))
    expect(String(made.id)).toMatch(/^\d{5}$/)
  })

  it('[E.8.30] takes tags as a list of words', async () => {
    const { dataset_uuid } = await upload('t.nc', 'x', { tags: 'sea, level,, sea' })
    expect((await datasetOf(dataset_uuid)).tags).toEqual(['sea', 'level'])
  })

  it('[E.2 POST /api/upload/local/upload] is the same at both paths, with its fields before the file or behind it', async () => {
    const boundary = 'xyz'
    const field = (name: string, value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc\r\n`
    const fields = Object.entries(common).map(([name, value]) => field(name, value))
    for (const parts of [
      [file, ...fields],
      [...fields, file],
    ]) {
      const { status, json } = await service.call('POST /api/upload/local/upload', {
        body: `${parts.join('')}--${boundary}--\r\n`,
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      })
      expect([status, json]).toEqual([200, json])
      await untilStatus(String(json.job_id), 'completed')
    }
  })

  it('[E.8.17] says 4xx for what the client did, and keeps nothing of it', async () => {
    const of = async (fields: Fields): Promise<Loose> => (await send('a.nc', 'x', fields)).json
    expect(await of({ user_email: 'nobody' })).toMatchObject({
      code: 'invalid-request',
      detail: [{ loc: ['body', 'user_email'] }],
    })
    expect(await of({ sensor: 'CAMERA' })).toMatchObject({ detail: [{ loc: ['body', 'sensor'] }] })
    expect(await of({ convert: 'perhaps' })).toMatchObject({
      detail: [{ loc: ['body', 'convert'] }],
    })
    expect(await of({ dataset_name: 'x'.repeat(256) })).toMatchObject({ status: 422 })
    const without = await service.call('POST /api/upload/upload', { form: common })
    expect([without.status, without.json.detail[0].loc]).toEqual([422, ['body', 'file']])
    expect((await service.call('POST /api/upload/upload', { json: common })).status).toBe(415)
    expect((await service.call('GET /api/upload/status/upload_1_nothing')).status).toBe(404)
    const { database } = service.app.services
    const open = await database.read('upload.open', [])
    expect(open).toEqual([])
  })

  it('[E.8.15] lets no name lead out of its dataset (X.10.9)', async () => {
    for (const name of ['../../x', '/etc/passwd', 'a\\b', 'a/../../b'])
      expect([name, (await send(name, 'x')).status]).toEqual([name, 400])
    for (const relative_path of ['../../x', '/etc', 'a/../../b'])
      expect([relative_path, (await send('a', 'x', { relative_path })).status]).toEqual([
        relative_path,
        400,
      ])
    for (const asked of ['../../x', '%2e%2e%2f%2e%2e%2fx', '..%00x'])
      expect([404, 400]).toContain((await service.call(`GET /api/v1/datasets/${asked}`)).status)
  })

  it('keeps folders of a directory, file by file, in one dataset', async () => {
    const first = await upload('a.txt', 'one', { relative_path: 'run/1' })
    const { slug, id } = await untilDone(first.dataset_uuid)
    const more = { add_to_existing: 'true' }
    for (const [name, relative_path, dataset_identifier] of [
      ['a.txt', 'run/2/a.txt', slug],
      ['b.txt', '', String(id)],
      ['a.txt', 'run/1', first.dataset_uuid],
    ] as const) {
      const added = await upload(name, 'three', { ...more, relative_path, dataset_identifier })
      expect(added.dataset_uuid).toBe(first.dataset_uuid)
      await untilStatus(added.job_id, 'completed')
    }
    const { files, total_size_bytes, status } = await datasetOf(slug)
    expect(files.map(({ name }) => name)).toEqual(['b.txt', 'run/1/a.txt', 'run/2/a.txt'])
    expect([total_size_bytes, status]).toEqual([15, 'done'])
    const unknown = await send('c', 'x', { ...more, dataset_identifier: 'nothing' })
    expect([unknown.status, unknown.json.code]).toEqual([404, 'dataset-not-found'])
    expect((await send('c', 'x', more)).status).toBe(400)
  })
})

/** Chunks of 5 MiB, the last one shorter, each of its own bytes. */
const chunksOf = (...sizes: number[]) => sizes.map((size, n) => Buffer.alloc(size, `chunk ${n} `))
const initiate = (chunks: readonly Buffer[], more: object = {}, url = service.url) =>
  fetch(`${url}/api/upload/large/initiate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...common,
      filename: 'big.dat',
      file_size: chunks.reduce((sum, { length }) => sum + length, 0),
      file_hash: sha256(Buffer.concat(chunks)),
      ...more,
    }),
  }).then(async (answer) => {
    const json = (await answer.json()) as { upload_id: string; chunk_size: number }
    expect([answer.status, json]).toEqual([200, json])
    return json
  })
const sendChunk = async (
  id: string,
  index: number | string,
  chunk: Buffer,
  { hash = sha256(chunk), hashLast = false, url = service.url } = {},
) => {
  const body = new FormData()
  if (!hashLast) body.append('chunk_hash', hash)
  body.append('chunk', new Blob([new Uint8Array(chunk)]), 'chunk')
  if (hashLast) body.append('chunk_hash', hash)
  const answer = await fetch(`${url}/api/upload/large/chunk/${id}/${index}`, {
    method: 'POST',
    body,
  })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}
const large = (what: string) => service.call(what.replace(' ', ' /api/upload/large/'))

describe('a file in chunks', () => {
  it('[E.2 POST /api/upload/large/initiate E.2 POST /api/upload/large/chunk/{upload_id}/{chunk_index} E.2 GET /api/upload/large/status/{upload_id} E.2 GET /api/upload/large/resume/{upload_id} E.2 POST /api/upload/large/complete/{upload_id}] arrives in any order, is checked, and becomes a job and a dataset', async () => {
    const chunks = chunksOf(5 * MiB, 5 * MiB, 1000)
    const { upload_id: id, ...announced } = await initiate(chunks)
    expect(announced).toMatchObject({ chunk_size: 5 * MiB, total_chunks: 3 })
    expect(id).toMatch(/^large_upload_\d+_[0-9a-f]{8}$/)
    const [first, second, third] = chunks as [Buffer, Buffer, Buffer]

    expect((await sendChunk(id, 2, third)).json).toMatchObject({
      uploaded_chunks: 1,
      total_chunks: 3,
    })
    const early = await large(`POST complete/${id}`)
    expect([early.status, early.json.detail]).toEqual([400, 'Missing chunks: [0, 1]'])
    // Too short, too long, no such chunk, not the bytes that were promised: none of it counts.
    for (const [index, bytes, hash] of [
      [0, third, sha256(third)],
      [2, first, sha256(first)],
      [3, third, sha256(third)],
      [-1, third, sha256(third)],
      [0, first, sha256(second)],
    ] as const)
      for (const hashLast of [false, true])
        expect([index, (await sendChunk(id, index, bytes, { hash, hashLast })).status]).toEqual([
          index,
          400,
        ])
    expect((await sendChunk(id, 'x', first)).status).toBe(422)
    expect((await sendChunk('large_upload_1_0', 0, first)).status).toBe(404)
    expect((await large(`GET resume/${id}`)).json).toEqual({
      upload_id: id,
      missing_chunks: [0, 1],
      total_chunks: 3,
      can_resume: true,
    })
    await Promise.all([sendChunk(id, 1, second, { hashLast: true }), sendChunk(id, 0, first)])
    expect((await sendChunk(id, 0, first)).status).toBe(200)
    expect((await large(`GET status/${id}`)).json).toEqual({
      upload_id: id,
      uploaded_chunks: [0, 1, 2],
      total_chunks: 3,
      is_complete: true,
      progress_percentage: 100,
    })
    expect(await statusOf(id)).toMatchObject({
      status: 'uploading',
      message: 'Chunked upload: 3/3 chunks',
    })
    const both = await Promise.all([large(`POST complete/${id}`), large(`POST complete/${id}`)])
    const [done, again] = both.map(({ status, json }) => {
      expect([status, json]).toEqual([200, json])
      return largeUploadCompleted.strict().parse(json)
    })
    expect(again).toEqual(done)
    expect(done).toMatchObject({ job_id: id, file_size: 10 * MiB + 1000, status: 'completed' })
    const { files } = await untilDone(done?.dataset_uuid ?? '')
    expect(files).toMatchObject([{ name: 'big.dat', sha256: sha256(Buffer.concat(chunks)) }])
    expect((await sendChunk(id, 0, first)).status).toBe(409)
  })

  it('[E.8.16] with another digest than was announced is refused, and can be repaired', async () => {
    const chunks = chunksOf(5 * MiB, 10)
    const { upload_id: id } = await initiate(chunks)
    const wrong = Buffer.alloc(10, 'w')
    await sendChunk(id, 0, chunks[0] ?? wrong)
    await sendChunk(id, 1, wrong)
    const refused = await large(`POST complete/${id}`)
    expect([refused.status, refused.json.code]).toEqual([400, 'checksum-mismatch'])
    expect(await statusOf(id)).toMatchObject({ status: 'failed' })
    const { dataset_uuid } = await statusOf(id)
    expect(await datasetOf(dataset_uuid ?? '')).toMatchObject({ status: 'upload error' })
    expect((await sendChunk(id, 1, chunks[1] ?? wrong)).status).toBe(200)
    const done = await large(`POST complete/${id}`)
    expect([done.status, done.json]).toEqual([200, done.json])
    expect(done.json).toMatchObject({ job_id: id, dataset_uuid, status: 'completed' })
    const { json } = await service.call(`GET /api/v1/datasets/${dataset_uuid}/status`)
    expect(
      datasetStatusView
        .strict()
        .parse(json)
        .changes.map(({ to }) => to),
    ).toEqual([
      ...['submitted', 'upload queued', 'uploading', 'upload error'],
      ...['upload queued', 'uploading', 'done'],
    ])
  })

  it('[E.2 DELETE /api/upload/large/cancel/{upload_id}] can be given up', async () => {
    const { upload_id: id } = await initiate(chunksOf(20))
    expect((await large(`DELETE cancel/${id}`)).json.message).toContain(id)
    expect((await large(`DELETE cancel/${id}`)).status).toBe(404)
    expect((await large(`GET status/${id}`)).status).toBe(404)
    expect(await statusOf(id)).toMatchObject({ status: 'cancelled' })
  })

  it('has a size and a digest, or is not begun', async () => {
    const said = { ...common, filename: 'a', file_size: 10, file_hash: sha256('') }
    const of = async (more: object) =>
      (await service.call('POST /api/upload/large/initiate', { json: { ...said, ...more } })).status
    expect(await of({ file_size: 0 })).toBe(422)
    expect(await of({ file_size: 10 * 1024 ** 4 + 1 })).toBe(422)
    expect(await of({ file_hash: 'abc' })).toBe(422)
    expect(await of({ filename: '../../x' })).toBe(400)
    expect(await of({ relative_path: '../x' })).toBe(400)
    expect(await of({ add_to_existing: true, dataset_identifier: 'nothing' })).toBe(404)
  })
})

it('[E.8.8] chunks outlive the service: a restart knows which are missing (X.10.6)', async () => {
  const data = path.join(folder, 'restart')
  const config = { dataDir: data, chunkBytes: 5 * MiB, leaseMs: 2000, ...(await ownBackends()) }
  const open = () => startServer({ sources: [], config })
  const chunks = chunksOf(5 * MiB, 5 * MiB, 7)
  let server = await open()
  try {
    const { upload_id: id } = await initiate(chunks, {}, server.url)
    await sendChunk(id, 1, chunks[1] ?? Buffer.of(), { url: server.url })
    await server.kill('SIGKILL')
    server = await open()
    const at = async (what: string, method = 'GET') => {
      const answer = await fetch(`${server.url}/api/upload/${what}`, { method })
      return (await answer.json()) as Record<string, unknown>
    }
    expect(await at(`large/resume/${id}`)).toMatchObject({ missing_chunks: [0, 2] })
    const wrong = await sendChunk(id, 0, chunks[0] ?? Buffer.of(), {
      hash: sha256('other'),
      url: server.url,
    })
    expect(wrong.status).toBe(400)
    for (const n of [0, 2]) await sendChunk(id, n, chunks[n] ?? Buffer.of(), { url: server.url })
    expect(await at(`large/complete/${id}`, 'POST')).toMatchObject({
      job_id: id,
      job_submitted: true,
    })
    await until('its job', async () => (await at(`status/${id}`))['status'] === 'completed')
  } finally {
    await server.kill('SIGKILL')
  }
})

it('[E.2 GET /api/upload/jobs E.8.4] lists a user’s uploads, by status and page', async () => {
  const user_email = 'grace@example.org'
  const ids = []
  for (const name of ['1.txt', '2.txt', '3.txt']) {
    const { job_id } = await upload(name, name, { user_email })
    await untilStatus(job_id, 'completed')
    ids.push(job_id)
  }
  const { upload_id } = await initiate(chunksOf(20), { user_email })
  const list = async (query: string) => {
    const answer = await service.call(`GET /api/upload/jobs?user_id=${user_email}&${query}`)
    return portalUploadList.strict().parse(answer.json)
  }
  const page = await list('status=completed&limit=2&offset=1')
  expect([page.total, page.limit, page.offset, page.jobs.length]).toEqual([3, 2, 1, 2])
  expect((await list('')).jobs.map(({ job_id }) => job_id).sort()).toEqual(
    [...ids, upload_id].sort(),
  )
  expect(await list('status=uploading')).toMatchObject({ total: 1, jobs: [{ job_id: upload_id }] })
  const of = async (query: string) => (await service.call(`GET /api/upload/jobs?${query}`)).status
  expect(await of('')).toBe(400)
  expect(await of(`user_id=${user_email}&status=odd`)).toBe(422)
  expect(await of(`user_id=${user_email}&limit=0`)).toBe(422)
})

it('[E.2 POST /api/upload/cancel/{job_id} E.8.28] cancels what is under way, and says so everywhere', async () => {
  const { upload_id } = await initiate(chunksOf(20))
  const cancel = (id: string) => service.call(`POST /api/upload/cancel/${id}`)
  expect((await cancel(upload_id)).status).toBe(200)
  expect(await statusOf(upload_id)).toMatchObject({ status: 'cancelled' })
  const again = await cancel(upload_id)
  expect([again.status, again.json.detail]).toEqual([404, 'Job not found or already completed'])

  // In its queue, as long as that is held.
  const { engine } = service.app.services
  await engine.setQueue('longhaul.upload', { paused: true })
  const { job_id, dataset_uuid } = await upload('c.txt', 'x')
  expect(await statusOf(job_id)).toMatchObject({ status: 'queued' })
  expect((await cancel(job_id)).status).toBe(200)
  await engine.setQueue('longhaul.upload', { paused: false })
  expect(await statusOf(job_id)).toMatchObject({ status: 'cancelled' })
  expect(await datasetOf(dataset_uuid)).toMatchObject({ status: 'upload error' })
})

it('[E.2 GET /api/upload/supported-sources E.2 GET /api/upload/limits E.2 GET /api/upload/large/limits E.2 GET /api/upload/estimate-time] says what it takes', async () => {
  const get = async (what: string): Promise<Loose> =>
    (await service.call(`GET /api/upload/${what}`)).json
  expect(await get('supported-sources')).toMatchObject({
    source_types: ['local', 'google_drive', 's3', 'url', 'dropbox', 'onedrive'],
    sensor_types: expect.arrayContaining(['TIFF RGB', '4D_NEXUS', 'OTHER']) as unknown,
    required_parameters: { url: ['url'] },
    optional_parameters: {
      url: expect.arrayContaining(['folder', 'team_uuid']) as unknown,
    },
    large_file_threshold_mb: 100,
  })
  for (const path of ['limits', 'large/limits'])
    expect(await get(path)).toMatchObject({
      max_file_size_bytes: 10_995_116_277_760,
      max_file_size_tb: 10,
      large_file_threshold_bytes: 104_857_600,
      large_file_threshold_mb: 100,
      chunk_size_mb: 5,
      resumable_upload_timeout_days: 7,
      recommended_for_files_larger_than_mb: 100,
    })
  expect(await get('estimate-time?source_type=url&file_size_mb=30')).toEqual({
    source_type: 'url',
    estimated_seconds: 180,
    estimated_minutes: 3,
    file_size_mb: 30,
  })
  expect((await service.call('GET /api/upload/estimate-time?source_type=url')).status).toBe(422)
})

it('[E.2 GET / E.2 GET /health E.2 GET /health/large-files E.8.5] says what it is', async () => {
  expect((await service.call('GET /')).json).toMatchObject({
    docs: '/docs',
    redoc: '/redoc',
    large_file_threshold_mb: 100,
  })
  expect((await service.call('GET /health')).json).toMatchObject({
    status: 'healthy',
    upload_type: 'unified',
    large_file_threshold_mb: 100,
    max_file_size_tb: 10,
  })
  expect((await service.call('GET /health/large-files')).json).toMatchObject({
    status: 'healthy',
    active_uploads: expect.any(Number) as unknown,
    temp_directory_size_mb: expect.any(Number) as unknown,
    max_file_size_tb: 10,
    chunk_size_mb: 5,
  })
})

it('[E.8.31] takes files of this machine only from below the folders that are listed, and leaves them there', async () => {
  const allowed = path.join(folder, 'allowed')
  await symlink(path.join(folder, 'secret.txt'), path.join(allowed, 'link.txt'))
  const take = (file_path: string, more: Fields = {}) =>
    service.call('POST /api/upload/upload-path', { form: { ...common, file_path, ...more } })
  const { status, json } = await take(path.join(allowed, 'scan.nc'), { original_filename: 'x.nc' })
  expect([status, json]).toMatchObject([200, { upload_type: 'path' }])
  await untilStatus(String(json.job_id), 'completed')
  const answer = await service.call(`GET /api/v1/datasets/${json.dataset_uuid}`)
  expect(answer.json.files).toMatchObject([{ name: 'x.nc', total_size_bytes: 6 }])
  expect(answer.text).not.toContain(folder)
  for (const outside of [
    path.join(folder, 'secret.txt'),
    `${allowed}/../secret.txt`,
    path.join(allowed, 'link.txt'),
    '/etc/passwd',
  ])
    expect([outside, (await take(outside)).status]).toEqual([outside, 403])
  for (const odd of [path.join(allowed, 'nothing'), allowed + '/', 'scan.nc', ''])
    expect([odd, [400, 403]]).toEqual([odd, expect.arrayContaining([(await take(odd)).status])])
  const nowhere = await take(path.join(allowed, 'nothing'))
  expect(nowhere.status).toBe(400)
})

describe('an automatic job', () => {
  it('is asked for by a setting, which is refused where it can never hold', async () => {
    const rules = (text: string) => readConfig({}, { LONGHAUL_RULES: text }).rules
    expect(rules('image/*=thumbs, *.nc=convert')).toEqual([
      { match: 'image/*', processor: 'thumbs' },
      { match: '*.nc', processor: 'convert' },
    ])
    expect(() => rules('image/*')).toThrow(/LONGHAUL_RULES/)
    const config = { dataDir: path.join(folder, 'rules'), rules: rules('*.nc=unheard-of') }
    await expect(createApp({ sources: [], config })).rejects.toThrow(/unheard-of.*not served/)
  })

  it('follows each file that a rule fits, once', async () => {
    const { dataset_uuid } = await upload('poem.words', 'a few words')
    await untilDone(dataset_uuid)
    const jobs = await until('the automatic job', async () => {
      const { json } = await service.call(`GET /api/v1/datasets/${dataset_uuid}/jobs`)
      return json.total === 2 ? z.array(jobView).parse(json.jobs) : undefined
    })
    const job = jobs.find(({ kind }) => kind === 'processor')
    expect(job).toMatchObject({ processor: 'word-count', tags: ['automatic'] })
    expect((await service.ended(job?.job_id ?? '')).result).toMatchObject({ words: 3 })
    const other = await upload('poem.txt', 'a few words')
    await untilDone(other.dataset_uuid)
    const { json } = await service.call(`GET /api/v1/datasets/${other.dataset_uuid}/jobs`)
    expect(json.total).toBe(1)
  })

  it('follows an upload that is of no dataset, too', async () => {
    const before = (await service.call('GET /jobs?view=native&tag=automatic')).json.total
    const started = await service.call('POST /uploads', {
      json: { filename: 'own.words', size_bytes: 3 },
    })
    expect(started.status).toBe(201)
    const { part_urls, links } = started.json
    await fetch(String(part_urls[0].url), { method: 'PUT', body: 'one' })
    await service.call(`POST ${links.complete}`, { json: {} })
    await until('its job', async () => {
      const { json } = await service.call('GET /jobs?view=native&tag=automatic')
      return json.total === before + 1
    })
  })
})

it('[E.8.18 E.8.19] keys decide who sees what, whatever e-mail a form says; no other site reads along', async () => {
  const own = await startHttpService({}, [fixture('word-count.ts')])
  try {
    const keys = createKeys(own.app.services.database)
    const make = async (owner: string) => (await keys.create({ owner })).token
    const [ada, eve] = [await make('ada'), await make('eve')]
    const as = (key: string) => ({ authorization: `Bearer ${key}`, origin: 'https://evil.example' })
    const sent = await own.call('POST /api/upload/upload', {
      form: form('a.txt', 'x', { dataset_name: 'Mine' }),
      headers: as(ada),
    })
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, null])
    const { job_id, dataset_uuid } = sent.json
    const statuses = async (key: string) => {
      const ask = async (what: string, call: Call = {}) =>
        (await own.call(what, { headers: as(key), ...call })).status
      return [
        await ask(`GET /api/upload/status/${job_id}`),
        await ask(`GET /api/v1/datasets/${dataset_uuid}`),
        await ask('GET /api/v1/datasets/Mine'),
        await ask('POST /api/upload/upload', {
          form: form('b.txt', 'x', { add_to_existing: 'yes', dataset_identifier: 'Mine' }),
        }),
      ]
    }
    expect(await statuses(eve)).toEqual([404, 404, 404, 404])
    expect(await statuses(ada)).toEqual([200, 200, 200, 200])
    const mine = await own.call(`GET /api/upload/jobs?user_id=${common.user_email}`, {
      headers: as(eve),
    })
    expect(mine.json).toMatchObject({ total: 0, jobs: [] })
    expect((await own.call(`POST /api/upload/cancel/${job_id}`, { headers: as(eve) })).status).toBe(
      404,
    )
    expect((await own.call(`GET /api/upload/status/${job_id}`)).status).toBe(401)
  } finally {
    await own.stop()
  }
})

describe('a long form', () => {
  const boundary = 'long'
  const head = Object.entries(common)
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('')
    .concat(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="long.dat"\r\n\r\n`,
    )
  const begin = () => {
    const sent = request(`${service.url}/api/upload/upload`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    })
    sent.write(head)
    return sent
  }
  const openSessions = () => service.app.services.database.read<{ id: string }>('upload.open', [])

  it('[E.8.9] holds up nobody, and leaves nothing when it breaks off', async () => {
    const before = new Set((await openSessions()).map(({ id }) => id))
    const slow = begin()
    slow.on('error', () => {})
    slow.write(Buffer.alloc(MiB))
    await until('its session', async () => (await openSessions()).some(({ id }) => !before.has(id)))
    const { job_id } = await upload('quick.txt', 'x')
    await untilStatus(job_id, 'completed')
    expect((await service.call(`GET /jobs/${job_id}`)).json.attempt).toBe(1)
    slow.destroy()
    await until('nothing of it', async () =>
      (await openSessions()).every(({ id }) => before.has(id)),
    )
  })

  it('[E.8.14] passes through: memory does not grow with it', async () => {
    const total = 104 * MiB
    const piece = Buffer.alloc(MiB, 'x')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = () => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    const atFirst = used()
    let peak = 0
    async function* bytes() {
      for (let sent = 0; sent < total; sent += piece.length) {
        if (sent % (26 * MiB) === 0) peak = Math.max(peak, used() - atFirst)
        yield piece
      }
      yield `\r\n--${boundary}--\r\n`
    }
    const sent = begin()
    const answered = once(sent, 'response')
    await pipeline(bytes, sent)
    const [answer] = (await answered) as [IncomingMessage]
    const started = portalUploadStarted.parse(await json(answer))
    expect(started).toMatchObject({ upload_type: 'chunked', estimated_duration: 300 })
    expect(await untilStatus(started.job_id, 'completed')).toMatchObject({ bytes_total: total })
    expect(peak).toBeLessThan(40 * MiB)
  })
})

it('[E.2 POST /api/upload/initiate E.2 POST /api/upload/cloud/large E.8.29] an import says what it needs, and becomes a job and a dataset', async () => {
  const file = createServer((_request, response) => response.end('far away')).listen(0, '127.0.0.1')
  await once(file, 'listening')
  const { port } = file.address() as AddressInfo
  const own = await startHttpService(
    { outboundAllow: [`127.0.0.1:${port}`], secretKey: Buffer.alloc(32, 'k') },
    [],
  )
  try {
    const initiate = (more: object, where = 'initiate') =>
      own.call(`POST /api/upload/${where}`, { json: { ...common, ...more } })
    const url = { source_type: 'url', source_config: { url: `http://127.0.0.1:${port}/far.txt` } }
    const { status, json } = await initiate(url)
    expect([status, json]).toEqual([200, json])
    expect(portalUploadStarted.strict().parse(json)).toMatchObject({
      status: 'queued',
      upload_type: 'standard',
      estimated_duration: 180,
    })
    expect((await own.ended(String(json.job_id))).kind).toBe('upload')
    const found = await own.call(`GET /api/v1/datasets/${json.dataset_uuid}`)
    expect(found.json).toMatchObject({
      status: 'done',
      source_type: 'url',
      files: [{ name: 'far.txt', total_size_bytes: 8 }],
    })
    expect((await own.call(`GET /api/upload/status/${json.job_id}`)).json).toMatchObject({
      status: 'completed',
      progress_percentage: 100,
      bytes_uploaded: 8,
    })
    const missing = await initiate({ source_type: 's3', source_config: { bucket_name: 'b' } })
    expect([missing.status, missing.json.detail[0].loc]).toEqual([
      422,
      ['body', 'source_config', 'object_key'],
    ])
    const secret = 'do-not-repeat-this'
    for (const source_config of [secret, { ...missing, secret_access_key: secret }])
      for (const more of [{}, { user_email: 'nobody' }]) {
        const refused = await initiate({ source_type: 's3', source_config, ...more })
        expect([refused.status, refused.text]).toEqual([422, expect.not.stringContaining(secret)])
      }
    for (const source_type of ['dropbox', 'onedrive'])
      expect((await initiate({ source_type, source_config: {} })).status).toBe(400)
    expect((await initiate({ source_type: 'ftp', source_config: {} })).status).toBe(422)
    expect((await initiate(url, 'cloud/large')).status).toBe(400)
    const s3 = { bucket_name: 'b', object_key: 'k', access_key_id: 'a', secret_access_key: 's' }
    const large = await initiate({ source_type: 's3', source_config: s3 }, 'cloud/large')
    expect([large.status, large.json]).toMatchObject([200, { status: 'queued' }])
    expect(large.json.job_id).toMatch(/^cloud_large_/)
    await own.call(`POST /api/upload/cancel/${large.json.job_id}`)
  } finally {
    await own.stop()
    file.close()
  }
})
