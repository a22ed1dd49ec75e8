import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient, type Fetch } from '@longhaul/client'
import { nodeSha256, notedUploads } from '@longhaul/client/node'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createOutput } from '../output.ts'
import { filesToPut } from './files-to-put.ts'
import { putFiles } from './put-files.ts'

const partBytes = 10
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-put-'))
  await mkdir(path.join(folder, 'scans/a'), { recursive: true })
  await writeFile(path.join(folder, 'scans/a/x.tif'), 'x'.repeat(85))
  await writeFile(path.join(folder, 'scans/y.tif'), 'yyy')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Uploads of a service in memory; `before` may fail a request, or do something meanwhile. */
function service(before: (method: string, path: string) => unknown = () => undefined) {
  const uploads: { name: string; size: number; parts: Set<number>; done: boolean }[] = []
  const puts: string[] = []
  const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })
  const fetch: Fetch = async (url, { method = 'GET', body }) => {
    const { pathname } = new URL(url)
    const sent = await new Response(body ?? null).text()
    const refused = await before(method, pathname)
    if (refused instanceof Response) return refused
    const [, , of = '', part] = pathname.split('/')
    if (method === 'POST' && of === '') {
      const { filename, size_bytes } = JSON.parse(sent) as { filename: string; size_bytes: number }
      uploads.push({ name: filename, size: size_bytes, parts: new Set(), done: false })
    }
    const id = of === '' ? uploads.length - 1 : Number(of)
    const upload = uploads[id]
    if (upload === undefined) return answer(404, { code: 'upload-not-found', detail: 'gone' })
    if (method === 'PUT') {
      puts.push(`${upload.name} ${part}`)
      upload.parts.add(Number(part))
      return new Response(null, { headers: { etag: '"e"' } })
    }
    if (part === 'complete') upload.done = true
    const numbers = Array.from({ length: Math.ceil(upload.size / partBytes) }, (_, n) => n + 1)
    const missing = numbers.filter((n) => !upload.parts.has(n))
    return answer(200, {
      upload_id: String(id),
      ...{ filename: upload.name, size_bytes: upload.size, part_size_bytes: partBytes },
      status: upload.done ? 'completed' : 'open',
      received_bytes: upload.size - missing.length * partBytes,
      missing_parts: missing,
      part_urls: missing.map((n) => ({ part_number: n, url: `http://s/parts/${id}/${n}` })),
      ...{ uri: `s3://b/${id}`, etag: '"e"', expires_at: '2030-01-01T00:00:00Z' },
    })
  }
  return { fetch, puts, uploads }
}

async function put(fetch: Fetch, ...words: string[]) {
  const said = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array) => (said[name] += String(text)) !== '',
  })
  const output = createOutput({
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    quiet: false,
    json: false,
  })
  const client = createClient({ url: 'http://s', fetch, tries: 1, newHasher: nodeSha256 })
  const notes = notedUploads(path.join(folder, 'state'))
  const how = { parallel: 1, partBytes: undefined, signal: new AbortController().signal }
  const code = await putFiles(client, await filesToPut(words, folder), notes, output, how)
  return { code, ...said }
}

it('sends a folder with the places in it, and nothing of it a second time', async () => {
  const there = service()
  const first = await put(there.fetch, 'scans')
  expect(first).toMatchObject({ code: 0, stdout: '0\tscans/a/x.tif\n1\tscans/y.tif\n' })
  expect(there.puts).toHaveLength(10)
  const again = await put(there.fetch, 'scans')
  expect(again.stdout).toBe(first.stdout)
  expect(again.stderr).toBe('  uploaded 0 files, 0 B  (2 already there)\n')
  expect(there.puts).toHaveLength(10)
})

it('goes on with the parts that are missing after it was broken off', async () => {
  let left = 4
  const there = service((method) => {
    if (method === 'PUT' && left-- === 0) throw new TypeError('fetch failed')
  })
  await expect(put(there.fetch, 'scans')).rejects.toThrow('Cannot reach http://s')
  const { code, stderr } = await put(there.fetch, 'scans')
  expect(code).toBe(0)
  expect(stderr).toMatch(/^ {2}uploaded 2 files, 88 B, 48 B of it now in .* \(1 file resumed\)\n$/)
  expect(new Set(there.puts).size).toBe(there.puts.length)
})

it('tells of a file that changed meanwhile, sends the others, and the new file the next time', async () => {
  const file = path.join(folder, 'scans/a/x.tif')
  const there = service(async (method, at) => {
    if (method === 'PUT' && at === '/parts/0/3')
      await utimes(file, new Date(), new Date('2026-01-01T10:07:00'))
  })
  await utimes(file, new Date(), new Date('2026-01-01T10:02:00'))
  const { code, stdout, stderr } = await put(there.fetch, 'scans')
  expect({ code, stdout }).toEqual({ code: 3, stdout: '1\tscans/y.tif\n' })
  expect(stderr).toMatch(
    /^longhaul: scans\/a\/x\.tif changed while uploading \(mtime 10:02 → 10:07\); \d of 9 parts kept; the same command sends the new file\n/,
  )
  expect(await put(there.fetch, 'scans')).toMatchObject({
    code: 0,
    stdout: '2\tscans/a/x.tif\n1\tscans/y.tif\n',
  })
})

it('refused of one file is 3, of every file 5; a key that is refused ends it at once', async () => {
  const refuse = (status: number, of: string) =>
    service((method, at) =>
      method === 'POST' && at === of
        ? Response.json({ code: 'forbidden', detail: 'no' }, { status })
        : undefined,
    )
  const some = await put(refuse(400, '/uploads/0/complete').fetch, 'scans')
  expect(some).toMatchObject({ code: 3, stdout: '1\tscans/y.tif\n' })
  expect(some.stderr).toContain('longhaul: scans/a/x.tif: no (POST')
  expect((await put(refuse(400, '/uploads').fetch, 'scans')).code).toBe(5)
  await expect(put(refuse(507, '/uploads').fetch, 'scans')).rejects.toThrow('no (POST')
})
