import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer, json } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient, ServiceError, TransferError, UnreachableError } from './index.ts'
import { fileSink, fileSource, nodeSha256 } from './node.ts'

// A service that fails on request; the real one is met in packages/longhaul/tests and e2e.
type Handler = (request: IncomingMessage, response: ServerResponse) => unknown
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function service(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    Promise.resolve(handler(request, response)).catch((error: unknown) => {
      response.destroy(error as Error)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'longhaul-client-'))
  cleanups.push(() => rm(made, { recursive: true, force: true }))
  return made
}
const client = (url: string, tries = 3) =>
  createClient({ url, tries, firstPauseMs: 1, newHasher: nodeSha256 })
const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
const aJob = (status: string) => ({
  job_id: 'j_1',
  processor: 'shout',
  version: '1',
  kind: 'processor',
  status,
  priority: 2,
  owner: 'local',
  attempt: 1,
  failures: 0,
  lost: 0,
  max_attempts: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  started_at: null,
  completed_at: null,
  cancel_requested_at: null,
  progress: null,
  result: null,
  outputs: [],
  problem: null,
  error: null,
  links: { self: '', events: '', outputs: '', logs: '', cancel: '' },
})
const event = (no: number, type: string) =>
  `id: ${no}\nevent: ${type}\ndata: ${JSON.stringify({ job_id: 'j_1', no, type, attempt: 1, at: '2026-01-01T00:00:00Z', data: {} })}\n\n`

describe('errors', () => {
  it('are typed by the code of the problem, and say what was refused and where', async () => {
    const url = await service((_, response) => {
      const problem = { code: 'job-not-found', title: 'Job not found', detail: 'No job j_9' }
      answer(response, 404, problem)
    })
    const error = await client(url)
      .job('j_9')
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toMatchObject({ code: 'job-not-found', status: 404 })
    expect(String(error)).toContain(`No job j_9 (GET ${url}/jobs/j_9 answered 404 job-not-found)`)
  })

  it('name the fields of a 422', async () => {
    const url = await service((_, response) => {
      const errors = [{ pointer: '/input/width', detail: 'must be a number' }]
      answer(response, 422, { code: 'invalid-request', title: 'Refused', detail: [], errors })
    })
    await expect(client(url).submit('shout', {})).rejects.toThrow('width: must be a number')
  })

  it('never are a bare "fetch failed": an absent service is named, with the reason', async () => {
    const error = await client('http://127.0.0.1:1')
      .processors()
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnreachableError)
    expect((error as Error).message).toMatch(
      /^Cannot reach http:\/\/127\.0\.0\.1:1: .+ after 3 tries; check/,
    )
    expect((error as Error).message).not.toContain('fetch failed')
  })

  it('tell a page that is no longhaul service from one that is', async () => {
    const url = await service((_, response) => response.end('<h1>It works!</h1>'))
    await expect(client(url).processors()).rejects.toThrow('not what a longhaul service says')
  })
})

describe('requests', () => {
  it('are sent again while a proxy says 502, and the key goes with them', async () => {
    const seen: (string | undefined)[] = []
    const url = await service((request, response) => {
      seen.push(request.headers.authorization)
      if (seen.length < 3) response.writeHead(502).end('bad gateway')
      else answer(response, 200, { processors: [] })
    })
    const keyed = createClient({ url, token: 'lh_k', firstPauseMs: 1 })
    await expect(keyed.processors()).resolves.toEqual([])
    expect(seen).toEqual(['Bearer lh_k', 'Bearer lh_k', 'Bearer lh_k'])
  })

  it('are not sent again when the answer is a refusal with a reason', async () => {
    let count = 0
    const url = await service((_, response) => {
      count++
      answer(response, 429, { code: 'queue-full', title: 'The queue is full', detail: 'full' })
    })
    await expect(client(url).jobs()).rejects.toMatchObject({ code: 'queue-full' })
    expect(count).toBe(1)
  })

  it('carry one idempotency key through every try, so that a lost answer is no second job', async () => {
    const keys: unknown[] = []
    const url = await service((request, response) => {
      keys.push(request.headers['idempotency-key'])
      if (keys.length === 1) response.destroy()
      else answer(response, 201, aJob('queued'))
    })
    await expect(client(url).submit('shout', { text: 'a' })).resolves.toMatchObject({
      job_id: 'j_1',
    })
    expect(keys).toHaveLength(2)
    expect(keys[0]).toEqual(expect.any(String))
    expect(keys[1]).toBe(keys[0])
  })
})

/** An upload service that keeps parts in memory. */
async function uploads(size: number, partBytes: number, refuse: (part: number) => boolean) {
  const parts = new Map<number, Buffer>()
  const asked: number[] = []
  let issued = 0
  const urls = (url: string, numbers: number[]) =>
    numbers.map((part_number) => ({ part_number, url: `${url}/part/${part_number}?v=${issued}` }))
  const all = Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => i + 1)
  const shared = {
    upload_id: 'u1',
    filename: 'a.bin',
    size_bytes: size,
    part_size_bytes: partBytes,
    uri: 's3://b/a.bin',
    expires_at: '2030-01-01T00:00:00Z',
  }
  const url: string = await service(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', url)
    if (pathname.startsWith('/part/')) {
      const part = Number(pathname.slice(6))
      const body = await buffer(request)
      expect(request.headers['content-length']).toBe(String(body.length))
      asked.push(part)
      if (Number(searchParams.get('v')) === issued && refuse(part)) {
        issued++
        return answer(response, 403, { code: 'signature-expired', title: 'x', detail: 'expired' })
      }
      parts.set(part, body)
      return response.writeHead(200, { etag: `"${part}"` }).end()
    }
    const missing = all.filter((part) => !parts.has(part))
    const whole = Buffer.concat(all.map((part) => parts.get(part) ?? Buffer.alloc(0)))
    const digest = createHash('sha256').update(whole).digest('hex')
    if (pathname === '/uploads') {
      return answer(response, 201, { ...shared, part_urls: urls(url, all) })
    }
    if (pathname === '/uploads/u1') {
      const received_bytes = whole.length
      const part_urls = urls(url, missing)
      const view = { ...shared, received_bytes, missing_parts: missing, part_urls, status: 'open' }
      return answer(response, 200, view)
    }
    if (pathname === '/uploads/u1/complete') {
      const completed = { ...shared, status: 'completed', etag: '"x"', sha256: digest }
      return answer(response, 200, completed)
    }
    return answer(response, 404, { code: 'upload-not-found', title: 'x', detail: 'unknown' })
  })
  return { url, parts, asked, whole: () => Buffer.concat(all.map((part) => parts.get(part)!)) }
}

describe('uploads', () => {
  it('send every part once, with its length, and report bytes', async () => {
    const bytes = randomBytes(70_001)
    const there = await uploads(bytes.length, 10_000, () => false)
    const file = path.join(await folder(), 'a.bin')
    await writeFile(file, bytes)
    const sent: number[] = []
    await client(there.url).upload(await fileSource(file), {
      onProgress: (done) => sent.push(done),
    })
    expect(there.whole().equals(bytes)).toBe(true)
    expect(there.asked.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(sent.at(-1)).toBe(bytes.length)
  })

  it('send only what is missing when they go on', async () => {
    const bytes = randomBytes(40_000)
    const there = await uploads(bytes.length, 10_000, () => false)
    for (const part of [1, 3])
      there.parts.set(part, bytes.subarray((part - 1) * 10_000, part * 10_000))
    // A Blob does as well as a file: browsers have nothing else.
    const source = new File([bytes], 'a.bin')
    const result = await client(there.url).upload(source, { uploadId: 'u1' })
    expect(there.asked.toSorted((a, b) => a - b)).toEqual([2, 4])
    expect(result.resumedBytes).toBe(20_000)
    expect(there.whole().equals(bytes)).toBe(true)
  })

  it('start anew when the service no longer knows the upload', async () => {
    const bytes = randomBytes(5)
    const there = await uploads(bytes.length, 10_000, () => false)
    await client(there.url).upload(new File([bytes], 'a.bin'), { uploadId: 'gone' })
    expect(there.whole().equals(bytes)).toBe(true)
  })

  it('ask for new URLs when the signed ones have expired', async () => {
    const bytes = randomBytes(40_000)
    let refusals = 2
    const there = await uploads(bytes.length, 10_000, () => refusals-- > 0)
    await client(there.url).upload(new File([bytes], 'a.bin'))
    expect(there.whole().equals(bytes)).toBe(true)
  })

  it('fail when the file changes meanwhile, naming it', async () => {
    const bytes = randomBytes(40_000)
    const there = await uploads(bytes.length, 10_000, () => false)
    const file = path.join(await folder(), 'a.bin')
    await writeFile(file, bytes)
    const source = await fileSource(file)
    await utimes(file, new Date(), new Date(1))
    await expect(client(there.url).upload(source)).rejects.toThrow(/a\.bin changed while uploading/)
  })

  it('fail when what was stored has another digest', async () => {
    const bytes = randomBytes(5)
    const there = await uploads(bytes.length, 10_000, () => false)
    const source = Object.assign(new File([bytes], 'a.bin'), { sha256: async () => 'f'.repeat(64) })
    await expect(client(there.url).upload(source)).rejects.toMatchObject({ kind: 'checksum' })
  })
})

describe('the files of a submission', () => {
  it('go several at once, each once, under one bar; one that fails takes the others with it', async () => {
    let active = 0
    let most = 0
    let begun = 0
    let submitted = 0
    let refused = ''
    const url: string = await service(async (request, response) => {
      const { pathname } = new URL(request.url ?? '', url)
      const [, first, name = ''] = pathname.split('/')
      if (first === 'part') {
        begun++
        most = Math.max(most, ++active)
        await buffer(request)
        await new Promise((resolve) => setTimeout(resolve, 20))
        active--
        if (name === refused) return answer(response, 403, { code: 'forbidden', detail: 'no' })
        return response.writeHead(200, { etag: '"e"' }).end()
      }
      if (first === 'processors') {
        submitted++
        return answer(response, 201, aJob('queued'))
      }
      const asked =
        request.method === 'POST' ? ((await json(request)) as { filename?: string }) : {}
      const id = asked.filename ?? name
      const shared = { upload_id: id, size_bytes: 3, uri: `s3://b/${id}`, etag: '"e"' }
      return answer(response, pathname.endsWith('/complete') ? 200 : 201, {
        ...shared,
        filename: id,
        part_size_bytes: 10,
        part_urls: [{ part_number: 1, url: `${url}/part/${id}` }],
        expires_at: '2030-01-01T00:00:00Z',
        status: 'completed',
      })
    })
    const files = Array.from({ length: 9 }, (_, n) => new File(['abc'], `f${n}`))
    const told: [number, number][] = []
    const onProgress = (...bytes: [number, number]) => told.push(bytes)
    await client(url).submit('shout', { files, twice: files[0]! }, { onProgress })
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(4)
    expect(told.at(-1)?.slice(0, 2)).toEqual([27, 27])
    refused = 'f1'
    begun = 0
    await expect(client(url).submit('shout', { files })).rejects.toThrow('no')
    expect(begun).toBeLessThan(9)
    expect(submitted).toBe(1)
  })
})

describe('downloads', () => {
  const bytes = randomBytes(300_000)
  const digest = createHash('sha256').update(bytes).digest('hex')
  const output = { name: 'o.bin', url: '/o', size_bytes: bytes.length, sha256: digest }
  const ranged: Handler = (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(start > 0 ? 206 : 200).end(bytes.subarray(start))
  }

  it('go on after a broken line, and verify the whole', async () => {
    const ranges: unknown[] = []
    const url = await service((request, response) => {
      ranges.push(request.headers.range)
      if (ranges.length > 1) return ranged(request, response)
      response.writeHead(200, { 'content-length': bytes.length })
      return response.write(bytes.subarray(0, 100_000), () => response.destroy())
    })
    const sink = await fileSink(path.join(await folder(), 'o.bin'))
    await client(url).download(output, sink)
    await sink.close()
    expect(ranges[0]).toBeUndefined()
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/)
  })

  it('keep what an earlier try left', async () => {
    const url = await service(ranged)
    const file = path.join(await folder(), 'o.bin')
    await writeFile(file, bytes.subarray(0, 1000))
    const sink = await fileSink(file)
    await expect(client(url).download(output, sink)).resolves.toMatchObject({ resumedBytes: 1000 })
    await sink.close()
    expect((await readFile(file)).equals(bytes)).toBe(true)
  })

  it('start again when what was kept is of another file', async () => {
    const url = await service(ranged)
    const file = path.join(await folder(), 'o.bin')
    await writeFile(file, 'something else')
    const sink = await fileSink(file)
    await expect(client(url).download(output, sink)).resolves.toMatchObject({ resumedBytes: 0 })
    await sink.close()
    expect((await readFile(file)).equals(bytes)).toBe(true)
  })

  it('keep nothing of bytes that are wrong', async () => {
    const wrong = Buffer.from(bytes)
    wrong.writeUInt8(wrong.readUInt8(7) ^ 1, 7)
    const url = await service((_, response) => response.end(wrong))
    const file = path.join(await folder(), 'o.bin')
    const sink = await fileSink(file)
    const error = await client(url)
      .download(output, sink)
      .catch((caught: unknown) => caught)
    await sink.close()
    expect(error).toBeInstanceOf(TransferError)
    expect(error).toMatchObject({ kind: 'checksum' })
    expect(await readFile(file)).toHaveLength(0)
  })
})

describe('following a job', () => {
  it('reconnects with the last event it has, and ends with the finished job', async () => {
    const from: unknown[] = []
    let status = 'running'
    const url = await service((request, response) => {
      if (!request.url?.includes('/events')) return answer(response, 200, aJob(status))
      from.push(request.headers['last-event-id'])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (from.length === 1)
        return response.write(event(1, 'queued') + event(2, 'started'), () => response.destroy())
      status = 'completed'
      return response.end(event(3, 'completed'))
    })
    const seen: (string | undefined)[] = []
    let last = ''
    for await (const update of client(url).follow('j_1')) {
      seen.push(update.event?.type)
      last = update.job.status
    }
    expect(seen).toEqual([undefined, 'queued', 'started', 'completed'])
    expect(from).toEqual([undefined, '2'])
    expect(last).toBe('completed')
  })

  it('does not take the failure before a retry for the end', async () => {
    let status = 'running'
    const url = await service((request, response) => {
      if (!request.url?.includes('/events')) return answer(response, 200, aJob(status))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event(1, 'failed') + event(2, 'retried'))
      return setTimeout(() => {
        status = 'completed'
        response.end(event(3, 'completed'))
      }, 50)
    })
    await expect(client(url).waitForJob('j_1')).resolves.toMatchObject({ status: 'completed' })
  })

  it('asks again and again where there is no event stream', async () => {
    let asked = 0
    const url = await service((request, response) => {
      if (request.url?.includes('/events')) return response.end('a proxy that knows better')
      return answer(response, 200, aJob(++asked < 3 ? 'running' : 'completed'))
    })
    await expect(client(url).waitForJob('j_1', { pollMs: 1 })).resolves.toMatchObject({
      status: 'completed',
    })
    expect(asked).toBe(3)
  })

  it('gives up a stream that went silent and opens another', async () => {
    let streams = 0
    let status = 'running'
    const url = await service((request, response) => {
      if (!request.url?.includes('/events')) return answer(response, 200, aJob(status))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      if (++streams === 1) return undefined // and nothing comes, ever
      status = 'completed'
      return response.end(event(1, 'completed'))
    })
    const options = { silenceMs: 50 }
    await expect(client(url).waitForJob('j_1', options)).resolves.toMatchObject({
      status: 'completed',
    })
    expect(streams).toBe(2)
  })

  it('calls a service that stays away unreachable', async () => {
    const url = await service((request, response) => {
      if (request.url?.includes('/events')) return response.destroy()
      return answer(response, 200, aJob('running'))
    })
    await expect(client(url, 1).waitForJob('j_1', { patienceMs: 0 })).rejects.toBeInstanceOf(
      UnreachableError,
    )
  })

  it('stops when told to, and says so with the reason given', async () => {
    const url = await service((request, response) => {
      if (!request.url?.includes('/events')) return answer(response, 200, aJob('running'))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      return response.flushHeaders()
    })
    const reason = new Error('enough')
    const signal = AbortSignal.timeout(100)
    const stop = new AbortController()
    signal.addEventListener('abort', () => stop.abort(reason))
    await expect(client(url).waitForJob('j_1', { signal: stop.signal })).rejects.toBe(reason)
  })
})

describe('lists and logs', () => {
  it('pages through every job', async () => {
    const url = await service((request, response) => {
      const cursor = new URL(request.url ?? '', 'http://x').searchParams.get('cursor')
      const jobs = [{ ...aJob('queued'), job_id: cursor === null ? 'j_2' : 'j_1' }]
      answer(response, 200, {
        jobs,
        total: 2,
        total_is_estimate: false,
        next: cursor === null ? 'c' : null,
      })
    })
    const ids = await collect(client(url).allJobs())
    expect(ids.map(({ job_id }) => job_id)).toEqual(['j_2', 'j_1'])
  })

  it('reads on in a log, whether or not the service knows ranges', async () => {
    const text = async (url: string) =>
      Buffer.concat(await collect(client(url).logs('j_1', { fromByte: 4 }))).toString()
    const plain = await service((_, response) => response.end('one\ntwo\n'))
    const ranged = await service((_, response) => response.writeHead(206).end('two\n'))
    expect(await text(plain)).toBe('two\n')
    expect(await text(ranged)).toBe('two\n')
  })

  it('sends inputs as they are, and files as uploads', async () => {
    const bodies: unknown[] = []
    const there = await uploads(3, 10_000, () => false)
    const url = await service(async (request, response) => {
      if (request.url === '/processors/shout/jobs') {
        bodies.push(await json(request))
        return answer(response, 201, aJob('queued'))
      }
      return response.writeHead(307, { location: `${there.url}${request.url}` }).end()
    })
    await client(url).submit('shout', { text: 'a', n: 2, f: [new File(['abc'], 'a.bin')] })
    // Said too, for a store that does not know it.
    const sha256 = createHash('sha256').update('abc').digest('hex')
    expect(bodies).toEqual([{ input: { text: 'a', n: 2, f: [{ upload_id: 'u1', sha256 }] } }])
  })
})
