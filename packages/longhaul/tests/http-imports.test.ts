import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { isLonghaulError, LonghaulError } from '../src/errors/index.ts'
import type { ImportFileRow } from '../src/imports/import-statements.ts'
import { bytesOf, passOn, startCutServer, type CutServer } from './harness/cut-server.ts'
import {
  driveFolder,
  driveShortcut,
  json,
  problem,
  startDriveStandIn,
  type DriveStandIn,
} from './harness/drive-stand-in.ts'
import { serveFile, type ServedFile } from './harness/file-server.ts'
import {
  sha256Of,
  sha256sum,
  startImportService,
  type ImportService,
} from './harness/import-service.ts'
import { keptWith } from './harness/kept-with.ts'
import { until } from './harness/until.ts'

/** The cluster's store takes no part below 5 MiB: a file is one, and each attempt begins it again. */
const size = swiftOfCluster() ? 300_003 : 1_300_003
const cuts = 20
const files = new Map<string, ServedFile>()
let web: CutServer
let drive: DriveStandIn
let imports: ImportService
/** A folder of this machine that may be imported from. */
let root: string
/** The cluster's S3 server, behind a line that breaks. */
let s3: CutServer | undefined
const swift = swiftOfCluster()

beforeAll(async () => {
  web = await startCutServer((request) => {
    const path = new URL(request.url ?? '/', 'http://stand-in').pathname
    const file = files.get(path)
    return file === undefined ? { status: 404 } : serveFile(file, request)
  })
  drive = await startDriveStandIn()
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-root-')))
  s3 = swift && (await startCutServer((request) => passOn(swift.endpoint, request)))
  imports = await startImportService({
    outboundAllow: [
      ...[web.host, drive.server.host],
      ...(s3 && swift ? [s3.host, new URL(swift.endpoint).host] : []),
    ],
    inputRoots: [root],
    googleDrive: { rootUrl: drive.server.url, tokenHosts: [drive.server.host] },
  })
})
afterAll(async () => {
  await imports.service.stop()
  await web[Symbol.asyncDispose]()
  await drive[Symbol.asyncDispose]()
  await s3?.[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

function swiftOfCluster() {
  return inject('cluster')?.s3
}

/** The file of an import that is to be one, compared by a program of its own. */
async function theFile(jobId: string, bytes: Buffer) {
  const {
    files: [file],
    ...rest
  } = await imports.result(jobId)
  if (file === undefined) throw new Error(`${jobId} has no file: ${JSON.stringify(rest)}`)
  expect(file.size_bytes).toBe(bytes.length)
  expect(await sha256Of(imports.service, file.uri)).toBe(await sha256sum(bytes))
  return file
}
/** Methods of the requests that the guard lets out from now on. */
function recordRequests(): string[] {
  const { outbound } = imports.service.app.services
  const { send } = outbound
  const methods: string[] = []
  outbound.send = (request) => {
    methods.push(request.method ?? 'GET')
    return send(request)
  }
  return methods
}
const attemptsOf = async (jobId: string) => (await imports.ended(jobId)).attempt

describe('an import over a line that is cut 20 times', () => {
  it('[E.8.8] of a URL ends with the source’s bytes, after more than one attempt', async () => {
    const bytes = bytesOf(size, 1)
    files.set('/survey.bin', { bytes, etag: '"one"' })
    web.cutNext(cuts, 11)
    const jobId = await imports.start('url', { url: `${web.url}/survey.bin` })
    expect(await theFile(jobId, bytes)).toMatchObject({ name: 'survey.bin' })
    expect(web.cuts).toBe(cuts)
    expect(await attemptsOf(jobId)).toBeGreaterThan(1)
    expect(web.sent).toBeLessThan(size * (swift ? 12 : 2))
  })

  it('[E.8.11] of Google Drive ends with the source’s bytes, told by the file’s id and a signed token', async () => {
    const bytes = bytesOf(size, 2)
    drive.items.set('big', { id: 'big', name: 'big.dat', bytes })
    drive.server.cutNext(cuts, 12)
    const jobId = await imports.start('google_drive', {
      file_id: 'big',
      service_account_file: drive.key,
    })
    expect(await theFile(jobId, bytes)).toMatchObject({ name: 'big.dat' })
    expect(drive.server.cuts).toBe(cuts)
    expect(await attemptsOf(jobId)).toBeGreaterThan(1)
    expect(drive.server.sent).toBeLessThan(size * (swift ? 12 : 2))
  })

  it('[E.8.10] of S3 ends with the source’s bytes, read with the caller’s own key', async (test) => {
    if (swift === undefined || s3 === undefined)
      return test.skip('S3 sources are imported where there is an S3 server: project cluster')
    const { storage } = imports.service.app.services
    const bytes = bytesOf(size, 3)
    await storage.put('elsewhere/run 7/ä+b.dat', bytes)
    s3.cutNext(cuts, 13)
    const jobId = await imports.start('s3', {
      bucket_name: storage.bucket,
      object_key: 'elsewhere/run 7/ä+b.dat',
      access_key_id: swift.accessKey,
      secret_access_key: swift.secretKey,
      endpoint_url: s3.url,
    })
    expect(await theFile(jobId, bytes)).toMatchObject({ name: 'ä+b.dat' })
    expect(s3.cuts).toBe(cuts)
    expect(await attemptsOf(jobId)).toBeGreaterThan(1)
  })

  it('[E.8.10] of the very store is copied by that store, with the same key alone', async (test) => {
    if (swift === undefined || s3 === undefined)
      return test.skip('S3 sources are imported where there is an S3 server: project cluster')
    const { storage } = imports.service.app.services
    const bytes = bytesOf(size, 4)
    await storage.put('elsewhere/near.dat', bytes)
    const near = {
      ...{ bucket_name: storage.bucket, object_key: 'elsewhere/near.dat' },
      ...{ access_key_id: swift.accessKey, secret_access_key: swift.secretKey },
    }
    const asked = recordRequests()
    await theFile(await imports.start('s3', { ...near, endpoint_url: swift.endpoint }), bytes)
    expect(new Set(asked.splice(0))).toEqual(new Set(['HEAD']))
    const wrong = { ...near, secret_access_key: 'wrong', endpoint_url: swift.endpoint }
    const refused = await imports.ended(await imports.start('s3', wrong))
    expect(refused.problem).toMatchObject({ code: 'source-refused' })
  })

  it('of a server without ranges begins again, as does one that says no length', async () => {
    for (const how of [{ ranges: false }, { chunked: true }, { etag: 'W/"weak"' }]) {
      const bytes = bytesOf(200_001, 5)
      files.set('/plain.csv', { bytes, ...how })
      web.cutNext(3, 14)
      const jobId = await imports.start('url', { url: `${web.url}/plain.csv` })
      await theFile(jobId, bytes)
      expect(web.cuts).toBe(3)
    }
  })
})

describe('an import of a URL', () => {
  it('begins again when the file changes on the way', async () => {
    const file: ServedFile = { bytes: bytesOf(size, 6), etag: '"before"' }
    files.set('/moving.bin', file)
    web.cutNext(cuts, 15)
    const jobId = await imports.start('url', { url: `${web.url}/moving.bin` })
    await until('some bytes', () => web.sent > size / 10)
    file.bytes = bytesOf(size + 17, 7)
    file.etag = '"after"'
    await theFile(jobId, file.bytes)
  })

  it('waits as long as the server asks for', async () => {
    const bytes = bytesOf(1000, 8)
    const busy = { status: 503, headers: { 'retry-after': '1' } }
    files.set('/busy.txt', { bytes, etag: '"b"', before: [busy] })
    const began = performance.now()
    const jobId = await imports.start('url', { url: `${web.url}/busy.txt` })
    await theFile(jobId, bytes)
    expect(performance.now() - began).toBeGreaterThanOrEqual(999)
  })

  it('of an empty file, of one with a name of its own, and of one that needs a password', async () => {
    const empty = Buffer.alloc(0)
    files.set('/empty.nc', { bytes: empty, etag: '"e"' })
    await theFile(await imports.start('url', { url: `${web.url}/empty.nc` }), empty)

    const bytes = bytesOf(3000, 9)
    files.set('/download', {
      bytes,
      modified: new Date(Date.now() - 3_600_000),
      headers: { 'content-disposition': 'attachment; filename="../../etc/pass wd.txt"' },
      authorization: `Basic ${Buffer.from('ann:pass-to-look-for').toString('base64')}`,
    })
    const jobId = await imports.start('url', {
      url: `${web.url}/download?signature=query-to-look-for`,
      auth_config: { username: 'ann', password: 'pass-to-look-for' },
    })
    expect(await theFile(jobId, bytes)).toMatchObject({ name: 'pass wd.txt' })
  })

  it('[E.8.29] registers a link and fetches nothing where that is asked for', async () => {
    const url = `${web.url}/never?page=2`
    const jobId = await imports.start('url', { url, link_only: true })
    expect(await imports.result(jobId)).toEqual({ files: [], errors: [], link: url })
  })

  it('[E.8.12] fails where a redirect leads to a port that is not allowed', async () => {
    files.set('/away', {
      bytes: Buffer.alloc(0),
      before: [{ status: 302, headers: { location: 'http://127.0.0.1:1/secret' } }],
    })
    const job = await imports.ended(await imports.start('url', { url: `${web.url}/away` }))
    expect(job).toMatchObject({ status: 'failed', problem: { code: 'outbound-refused' } })
  })

  it('[E.8.13] says how far it is, stops at once when it is cancelled, and keeps no part', async () => {
    const { uploads, engine } = imports.service.app.services
    const file: ServedFile = { bytes: bytesOf(size, 10), etag: '"s"', answersLeft: swift ? 1 : 5 }
    files.set('/slow.bin', file)
    const jobId = await imports.start('url', { url: `${web.url}/slow.bin` })
    await until('the last answer', () => (file.answersLeft ?? 0) < 0)
    const told = await until('its progress', async () => {
      const [job] = await engine.get([jobId], 'everyone')
      return job?.progress?.stage === 'uploading' ? job.progress : undefined
    })
    expect(told).toMatchObject({ total: size, detail: { current_file: 'slow.bin' } })
    const { status } = await imports.service.call(`POST /jobs/${jobId}/cancel`)
    expect(status).toBeLessThan(300)
    expect((await imports.ended(jobId)).status).toBe('cancelled')
    const { database } = imports.service.app.services
    const [row] = await database.read<ImportFileRow>('import.files', [jobId])
    await until('the end of its upload', () =>
      uploads.get(row?.upload_id ?? '', 'everyone').then(
        () => false,
        (error: unknown) =>
          isLonghaulError(error, 'upload-expired') || isLonghaulError(error, 'upload-not-found'),
      ),
    )
  })
})

describe('an import of a folder of Google Drive', () => {
  it('[E.8.11] takes every file on every page, each once, exports documents, and reports what it cannot have', async () => {
    const add = (id: string, parent: string, more: object = {}) =>
      drive.items.set(id, {
        id,
        name: `${id}.txt`,
        parent,
        bytes: Buffer.from(`of ${id}`),
        ...more,
      })
    drive.items.set('root', { id: 'root', name: 'campaign', mimeType: driveFolder })
    for (const id of ['a', 'b', 'c']) add(id, 'root')
    add('sub', 'root', { name: 'sub/../x', mimeType: driveFolder })
    add('d', 'sub')
    add('twin', 'root', { name: 'a.txt' })
    add('doc', 'root', { name: 'Report', mimeType: 'application/vnd.google-apps.document' })
    add('form', 'root', { name: 'Form', mimeType: 'application/vnd.google-apps.form' })
    add('locked', 'root', { canDownload: false })
    add('toD', 'root', { mimeType: driveShortcut, target: 'd' })
    add('circle', 'sub', { mimeType: driveShortcut, target: 'root' })
    add('limited', 'root', {
      before: [
        json(403, problem('rateLimitExceeded')),
        { status: 429, headers: { 'retry-after': '0' } },
      ],
    })
    add('quota', 'root', { before: [json(403, problem('downloadQuotaExceeded'))] })
    const jobId = await imports.start('google_drive', {
      folder_link: 'https://drive.google.com/drive/folders/root?usp=sharing',
      service_account_file: JSON.stringify(drive.key),
    })
    const result = await imports.result(jobId)
    expect(result.files.map(({ name }) => name).sort()).toEqual(
      ['Report.pdf', 'a (2).txt', 'a.txt', 'b.txt', 'c.txt', 'd.txt', 'limited.txt'].sort(),
    )
    expect(result.errors.map(({ name }) => name).sort()).toEqual([
      'Form',
      'locked.txt',
      'quota.txt',
    ])
    expect(result.errors.find(({ name }) => name === 'quota.txt')?.error).toContain('after a day')
  })

  it('gets a new token when the old one is refused, and begins again with another revision', async () => {
    const item = { id: 'rev', name: 'rev.bin', bytes: bytesOf(size, 20), revision: 'r1' }
    drive.items.set('rev', item)
    drive.server.cutNext(cuts, 16)
    const before = drive.tokens.length
    const jobId = await imports.start('google_drive', {
      file_id: 'rev',
      service_account_file: drive.key,
    })
    await until('some bytes', () => drive.server.sent > size / 10)
    drive.expire()
    item.bytes = bytesOf(size - 5, 21)
    item.revision = 'r2'
    await theFile(jobId, item.bytes)
    expect(drive.tokens.length).toBeGreaterThan(before + 1)
  })
})

describe('an import of a path', () => {
  it('takes files below the roots that the operator lists, and no others', async () => {
    const bytes = bytesOf(size, 30)
    await writeFile(path.join(root, 'field.nc'), bytes)
    await symlink('/etc/passwd', path.join(root, 'link'))
    const jobId = await imports.start('local', { file_path: path.join(root, 'field.nc') })
    expect(await theFile(jobId, bytes)).toMatchObject({ name: 'field.nc' })
    for (const file_path of ['/etc/passwd', path.join(root, 'link'), `${root}/../x`]) {
      const job = await imports.ended(await imports.start('local', { file_path }))
      expect(job).toMatchObject({ status: 'failed', problem: { code: 'source-refused' } })
    }
  })
})

describe('what is secret in an import', () => {
  it('[E.8.7] lies in no row, log or answer, and is deleted when the import ends', async () => {
    const secrets = [
      'pass-to-look-for',
      'query-to-look-for',
      Buffer.from('ann:pass-to-look-for').toString('base64'),
      String(drive.key['private_key']).slice(60, 120),
      ...drive.tokens.slice(0, 2),
      ...(swift ? [swift.secretKey] : []),
    ]
    const { database } = imports.service.app.services
    await until('the end of every secret', async () => {
      const [row] = await database.read<{ count: number }>('import.sealed', [])
      return Number(row?.count) === 0
    })
    const jobs = await imports.service.call('GET /jobs?view=native&limit=100')
    const events = await Promise.all(
      (jobs.json.jobs as { job_id: string }[]).map(({ job_id }) =>
        imports.service.call(`GET /jobs/${job_id}/logs`),
      ),
    )
    const said =
      jobs.text + events.map(({ text }) => text).join() + JSON.stringify(imports.service.logged)
    for (const secret of secrets) {
      expect(said.includes(secret), secret.slice(0, 12)).toBe(false)
      expect(
        await keptWith(imports.service, secret, { objects: false }),
        secret.slice(0, 12),
      ).toEqual([])
    }
    // The search finds what is there.
    expect(await keptWith(imports.service, 'survey.bin', { objects: false })).not.toEqual([])
  })

  it('is not repeated by the answer to a request that is wrong', async () => {
    for (const [type, config] of [
      ['google_drive', { file_id: 'x', service_account_file: '/etc/passwd' }],
      ['google_drive', { file_id: 'x', service_account_file: { private_key: 'shown-never' } }],
      ['s3', { bucket_name: 'b', access_key_id: 'k', secret_access_key: 'shown-never' }],
      ['url', { url: 'https://user:shown-never@example.org/' }],
    ] as const) {
      const error: unknown = await imports.start(type, config).catch((thrown: unknown) => thrown)
      if (!(error instanceof LonghaulError)) throw new Error(`${type} was taken`)
      expect(error.code).toBe('invalid-request')
      expect(JSON.stringify([error.message, error.facts])).not.toMatch(/shown-never|passwd/)
    }
  })

  it('[E.2 POST /api/upload/initiate] names what is supported instead of Dropbox and OneDrive', async () => {
    for (const type of ['dropbox', 'onedrive', 'ftp'])
      await expect(imports.start(type, {})).rejects.toMatchObject({
        code: 'source-unsupported',
        facts: { supported_source_types: ['local', 'google_drive', 's3', 'url'] },
      })
  })
})
