import { batchList, type BatchItemView } from '@longhaul/protocol'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeys } from '../src/keys/index.ts'
import { batchCalls, sha256 } from './harness/batch-calls.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { startReceiver, type Receiver } from './harness/receiver.ts'
import { until } from './harness/until.ts'

let service: HttpService
/** Somebody else's server: has files. */
let other: Receiver
beforeAll(async () => {
  other = await startReceiver()
  service = await startHttpService({
    outboundAllow: [`127.0.0.1:${other.port}`],
    maxFetchBytes: 1000,
    maxMemoryBytes: 2e9,
  })
})
afterAll(async () => {
  await service?.stop()
  await other?.stop()
})

const { read, uriOf, put, create, ended, itemsOf, flagFile } = batchCalls(() => service)
const rowsOf = async (id: string) =>
  (await service.call(`GET /batches/${id}/results.jsonl`)).text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BatchItemView)
const setQueue = (queue: string, json: object) => service.call(`PATCH /queues/${queue}`, { json })

describe('POST …/batches', () => {
  it('makes one job of each file, with its own parameters before those of all', async () => {
    const items = [
      await put('scans/a/1.txt', 'first file'),
      { uri: await put('scans/a/2.txt', 'second file'), parameters: { bytes: 2 } },
      { uri: await put('scans/b/1.txt', 'third file'), name: 'another/name.txt' },
    ]
    const batch = await create('head', { items, parameters: { bytes: 3 } })
    expect(batch).toMatchObject({ status: 'running', processor: 'head', owner: 'local' })
    expect(batch.counts.total).toBe(3)
    expect((await ended(batch.batch_id)).counts).toMatchObject({ completed: 3, failed: 0 })

    const rows = await rowsOf(batch.batch_id)
    expect(rows.map(({ item, name, parameters }) => [item, name, parameters])).toEqual([
      [1, 'scans/a/1.txt', { bytes: 3 }],
      [2, 'scans/a/2.txt', { bytes: 2 }],
      [3, 'another/name.txt', { bytes: 3 }],
    ])
    expect(rows.map(({ outputs }) => outputs[0]?.sha256)).toEqual(['fir', 'se', 'thi'].map(sha256))
    expect(rows[2]?.inputs).toMatchObject([{ field: 'source', name: 'name.txt' }])
    const job = await service.call(`GET /jobs/${rows[1]?.job_id}`)
    expect(job.json).toMatchObject({ batch_id: batch.batch_id, batch_item: 2, status: 'completed' })
    expect((await service.call(`GET ${rows[1]?.outputs[0]?.url}`)).text).toBe('se')
  })

  it('takes uploads, and knows what they hold', async () => {
    const started = await service.call('POST /uploads', {
      json: { filename: 'x.bin', size_bytes: 4 },
    })
    await fetch(String(started.json.part_urls[0].url), { method: 'PUT', body: 'abcd' })
    const { upload_id } = started.json
    const early = await service.call('POST /processors/gather/batches', {
      json: { items: [{ upload_id }] },
    })
    expect([early.status, early.json.code]).toEqual([422, 'invalid-request'])
    await service.call(`POST /uploads/${upload_id}/complete`, { json: {} })
    const { batch_id } = await create('gather', { items: [{ upload_id, name: 'scans/x.bin' }] })
    await ended(batch_id)
    expect(await rowsOf(batch_id)).toMatchObject([
      {
        name: 'scans/x.bin',
        result: { names: ['x.bin'] },
        inputs: [{ field: 'files', name: 'x.bin', size_bytes: 4 }],
      },
    ])
  })

  it('takes the objects below a prefix that match, in the order of their keys', async () => {
    for (const name of ['b.tif', 'sub/c.tif', 'a.tif', 'sub/d.png'])
      await put(`below/it/${name}`, name)
    const json = { prefix: uriOf('below/it/'), match: '**/*.tif' }
    const { batch_id, counts } = await create('gather', json)
    expect(counts.total).toBe(3)
    await ended(batch_id)
    const rows = await rowsOf(batch_id)
    expect(rows.map(({ name }) => name)).toEqual(['a.tif', 'b.tif', 'sub/c.tif'])
    expect(rows[0]?.inputs[0]).toMatchObject({ size_bytes: 5 })
  })

  it.each([
    ['lists.json', (uris: string[]) => JSON.stringify({ files: uris })],
    ['items.json', (uris: string[]) => JSON.stringify({ items: uris.map((uri) => ({ uri })) })],
    ['items.jsonl', (uris: string[]) => uris.map((uri) => JSON.stringify({ uri })).join('\n\n')],
  ])('takes a manifest: %s', async (name, write) => {
    const uris = [await put('m/1.txt', 'one'), await put('m/2.txt', 'two')]
    const manifest_uri = await put(`manifests/${name}`, write(uris))
    const { batch_id } = await create('head', { manifest_uri })
    await ended(batch_id)
    expect((await rowsOf(batch_id)).map((row) => row.name)).toEqual(['m/1.txt', 'm/2.txt'])
  })

  it('takes the whole input of a processor without files', async () => {
    const items = ['a', 'b'].map((text) => ({ input: { text } }))
    const { batch_id } = await create('shout', { items, parameters: { times: 2 }, priority: 1 })
    await ended(batch_id)
    const rows = await rowsOf(batch_id)
    expect(rows.map(({ result }) => result)).toEqual([{ text: 'AA' }, { text: 'BB' }])
    expect(rows.map(({ name }) => name)).toEqual(['item', 'item~2'])
  })

  it('refuses the whole, and names every item that is wrong', async () => {
    const before = batchList.parse((await service.call('GET /batches?limit=100')).json)
    const items = [{ input: { text: 'a' } }, { input: { text: 1 } }, 'x', { input: {} }, 7]
    const { status, json } = await service.call('POST /processors/shout/batches', {
      json: { items },
    })
    expect([status, json.code]).toEqual([422, 'invalid-request'])
    const errors = json.errors as { pointer: string }[]
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '/items/1/text',
      '/items/2',
      '/items/3/text',
      '/items/4',
    ])
    const after = batchList.parse((await service.call('GET /batches?limit=100')).json)
    expect(after.batches.length).toBe(before.batches.length)
  })

  it.each([
    [{}, 400, 'manifest-required'],
    [{ items: [], prefix: 's3://x/' }, 400, 'ambiguous-job'],
    [{ items: [] }, 422, 'batch-empty'],
    [{ prefix: 's3://elsewhere/x' }, 400, 'invalid-uri'],
    [{ items: ['http://localhost/x'] }, 422, 'invalid-request'],
    [{ items: ['s3://elsewhere/x'] }, 422, 'invalid-request'],
    [{ items: ['file:///etc/passwd'] }, 422, 'invalid-request'],
    [{ items: ['x'], match: '*' }, 400, 'bad-request'],
    [{ items: ['x'], field: 'sourec' }, 400, 'bad-request'],
    [{ items: ['x'], parameters: { source: 'x' } }, 422, 'invalid-request'],
    [{ manifest_uri: 'nowhere' }, 400, 'invalid-uri'],
  ])('says what is wrong with %j', async (json, status, code) => {
    const answer = await service.call('POST /processors/head/batches', { json })
    expect([answer.status, answer.json.code], answer.text).toEqual([status, code])
  })

  it('says which line of a manifest is no JSON', async () => {
    const uri = await put('manifests/one.txt', 'one')
    const broken = await put('manifests/broken.jsonl', `${JSON.stringify(uri)}\n{"uri":\n`)
    const answer = await service.call('POST /processors/head/batches', {
      json: { manifest_uri: broken },
    })
    expect([answer.status, answer.json.code]).toEqual([422, 'invalid-manifest'])
    expect(answer.text).toContain('no JSON in line 2')
  })

  it('answers a repeated key with the same batch, and another request with 409', async () => {
    const items = [await put('same/1.txt', 'one')]
    const headers = { 'idempotency-key': randomBytes(8).toString('hex') }
    const { batch_id } = await create('head', { items }, { headers })
    const again = await service.call('POST /processors/head/batches', {
      json: { items },
      headers,
    })
    expect([again.status, again.json.batch_id]).toEqual([200, batch_id])
    const other = await service.call('POST /processors/head/batches', {
      json: { items, parameters: { bytes: 1 } },
      headers,
    })
    expect([other.status, other.json.code, other.json.batch_id]).toEqual([
      409,
      'idempotency-conflict',
      batch_id,
    ])
  })

  it('makes one batch of requests with one key that come at once', async () => {
    const call = { json: { items: [{ input: { text: 'a' } }], idempotency_key: 'at once' } }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => service.call('POST /processors/shout/batches', call)),
    )
    const ids = new Set(answers.map((answer) => answer.json.batch_id as string))
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([200, 201])
    expect(ids.size).toBe(1)
  })
})

describe('a batch that runs', () => {
  it('gives results while other items still run', async () => {
    const [now, later] = [flagFile(), flagFile()]
    writeFileSync(now, '')
    const items = [now, later, now].map((file) => ({ input: { until: file }, name: file }))
    const { batch_id } = await create('wait', { items, parameters: { label: 'x' } })
    await until('two to end', async () => (await read(batch_id)).counts.completed === 2)
    expect(await read(batch_id)).toMatchObject({ status: 'running', counts: { running: 1 } })
    expect((await rowsOf(batch_id)).map(({ item }) => item)).toEqual([1, 3])
    // The same table for other tools, read by one that knows nothing of us.
    const parquet = await fetch(new URL(`/batches/${batch_id}/results.parquet`, service.url))
    const rows = await parquetReadObjects({
      file: await parquet.arrayBuffer(),
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    })
    expect(rows).toMatchObject(
      [1n, 3n].map((item) => ({ item, status: 'completed', result: { label: 'x' }, code: null })),
    )
    expect(rows[0]?.['completed_at']).toBeInstanceOf(Date)
    expect((await itemsOf(batch_id)).map(({ status }) => status)).toEqual([
      'completed',
      'running',
      'completed',
    ])
    writeFileSync(later, '')
    expect((await ended(batch_id)).status).toBe('completed')
    expect(await rowsOf(batch_id)).toHaveLength(3)
  })

  it('says 304 to a poller until something changes', async () => {
    const flag = flagFile()
    const { batch_id } = await create('wait', { items: [{ input: { until: flag } }] })
    await until('it to run', async () => (await read(batch_id)).counts.running === 1)
    const first = await service.call(`GET /batches/${batch_id}`)
    const headers = { 'if-none-match': first.headers.get('etag') ?? 'none' }
    expect((await service.call(`GET /batches/${batch_id}`, { headers })).status).toBe(304)
    writeFileSync(flag, '')
    await ended(batch_id)
    expect((await service.call(`GET /batches/${batch_id}`, { headers })).status).toBe(200)
  })

  it('shows its items page by page, each once', async () => {
    const items = Array.from({ length: 7 }, (_, n) => ({ input: { text: `t${n}` }, name: `n${n}` }))
    const { batch_id } = await create('shout', { items })
    const names: string[] = []
    let cursor = '0'
    for (let pages = 0; cursor !== 'null'; pages++) {
      expect(pages).toBeLessThan(5)
      const page = (await service.call(`GET /batches/${batch_id}/items?limit=3&cursor=${cursor}`))
        .json
      names.push(...(page.items as BatchItemView[]).map(({ name }) => name))
      cursor = String(page.next)
    }
    expect(names).toEqual(items.map(({ name }) => name))
    const wrong = await service.call(`GET /batches/${batch_id}/items?status=dnoe`)
    expect(wrong.status).toBe(422)
  })

  it('has at most a thousand jobs in the queue, goes on after a cancel, and loses no item', async () => {
    await setQueue('shout', { paused: true })
    const total = 1150
    const items = Array.from({ length: total }, (_, n) => ({ input: { text: `t${n}` } }))
    const { batch_id } = await create('shout', { items })
    const before = await until('its window to be full', async () => {
      const { counts } = await read(batch_id)
      return counts.queued === 1000 && counts
    })
    expect(before).toMatchObject({ total, pending: 150, queued: 1000 })
    const [last] = await itemsOf(batch_id, `cursor=${total - 1}`)
    expect(last).toMatchObject({ item: total, status: 'pending', job_id: null })
    expect(last?.parameters).toEqual({ text: `t${total - 1}`, times: 1 })
    expect(await itemsOf(batch_id, `status=pending&limit=500`)).toHaveLength(150)

    const cancelled = await service.call(`POST /batches/${batch_id}/cancel`)
    expect(cancelled.json).toMatchObject({
      status: 'cancelled',
      counts: { cancelled: total, pending: 0 },
    })
    expect(await itemsOf(batch_id, `cursor=${total - 1}`)).toMatchObject([{ status: 'cancelled' }])
    const again = await service.call(`POST /batches/${batch_id}/retry`, {
      json: { only: ['cancelled'] },
    })
    expect(again.json).toMatchObject({ retried: total, batch: { status: 'running' } })
    const after = await until('all to wait again', async () => {
      const { counts } = await read(batch_id)
      return counts.queued === 1000 && counts
    })
    expect(after).toMatchObject({ pending: 150, cancelled: 0 })
    await service.call(`POST /batches/${batch_id}/cancel`)
    await setQueue('shout', { paused: false })
  })

  it('stops running items when it is cancelled, and keeps what has completed', async () => {
    const [now, never] = [flagFile(), flagFile()]
    writeFileSync(now, '')
    const items = [now, never].map((file) => ({ input: { until: file } }))
    const { batch_id } = await create('wait', { items })
    await until('one to end', async () => {
      const { counts } = await read(batch_id)
      return counts.completed === 1 && counts.running === 1
    })
    const answer = await service.call(`POST /batches/${batch_id}/cancel`)
    expect(answer.json.status).toMatch(/^cancell(ing|ed)$/)
    expect(await ended(batch_id)).toMatchObject({
      status: 'cancelled',
      counts: { completed: 1, cancelled: 1 },
    })
    expect((await service.call(`POST /batches/${batch_id}/cancel`)).status).toBe(200)
  })

  it('is not cancelled once it has ended', async () => {
    const { batch_id } = await create('shout', { items: [{ input: { text: 'a' } }] })
    await ended(batch_id)
    const { json } = await service.call(`POST /batches/${batch_id}/cancel`)
    expect(json).toMatchObject({ status: 'completed', cancelled_at: null })
  })
})

describe('what failed', () => {
  it('is counted by class, found by class, and retried by class', async () => {
    const ways = ['permanent', 'input', 'error', 'error']
    const items = ways.map((how, n) => ({ input: { how }, name: `${how}-${n}` }))
    const { batch_id } = await create('fail', { items })
    const batch = await ended(batch_id)
    expect(batch.status).toBe('failed')
    expect(batch.failures).toEqual({ transient: 2, 'invalid-input': 1, permanent: 1 })
    expect(
      (await itemsOf(batch_id, 'code=permanent,invalid-input')).map((one) => one.name),
    ).toEqual(['permanent-0', 'input-1'])
    const { json } = await service.call(`POST /batches/${batch_id}/retry`, {
      json: { only: ['transient'] },
    })
    expect(json.retried).toBe(2)
    await ended(batch_id)
    expect((await itemsOf(batch_id)).map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2])
    expect((await service.call(`POST /batches/${batch_id}/retry`)).json.retried).toBe(4)
    await ended(batch_id)
    expect((await itemsOf(batch_id)).map(({ attempt }) => attempt)).toEqual([2, 2, 3, 3])
  })

  it('takes nobody along: a file that is not there is one failed item', async () => {
    const items = [await put('there.txt', 'here I am'), uriOf('not/there.txt')]
    const { batch_id } = await create('head', { items })
    expect(await ended(batch_id)).toMatchObject({
      status: 'some_failed',
      counts: { completed: 1, failed: 1 },
      failures: { 'object-not-found': 1 },
    })
    const [failed] = await itemsOf(batch_id, 'status=failed')
    expect(failed?.problem?.detail).toContain('not/there.txt')
    // It comes, and the retry of just that item ends the batch.
    await put('not/there.txt', 'late')
    await service.call(`POST /batches/${batch_id}/retry`)
    expect(await ended(batch_id)).toMatchObject({ status: 'completed', failures: {} })
    expect((await itemsOf(batch_id)).map(({ attempt }) => attempt)).toEqual([1, 2])
  })
})

describe('a retry with more memory', () => {
  it('runs what ran out of it, within what the operator allows', async () => {
    const items = [1, 400].map((megabytes) => ({ input: { megabytes } }))
    const { batch_id: id } = await create('hold', { items })
    expect((await ended(id)).failures).toEqual({ 'out-of-memory': 1 })
    const retry = (memory_bytes: number) =>
      service.call(`POST /batches/${id}/retry`, { json: { only: ['out-of-memory'], memory_bytes } })
    const refused = await retry(3e9)
    expect([refused.status, refused.text]).toEqual([
      422,
      expect.stringContaining('LONGHAUL_MAX_MEMORY'),
    ])
    expect((await retry(1.5e9)).json.retried).toBe(1)
    expect((await ended(id)).counts).toMatchObject({ completed: 2, failed: 0 })
    const [small, large] = await itemsOf(id)
    expect(await service.ended(large?.job_id ?? '')).toMatchObject({
      memory_bytes: 1.5e9,
      attempt: 2,
    })
    expect(await service.ended(small?.job_id ?? '')).toMatchObject({
      memory_bytes: null,
      attempt: 1,
    })
    const again = await service.call(`POST /jobs/${small?.job_id}/retry`, {
      json: { memory_bytes: 1e9 },
    })
    expect(again.json).toMatchObject({ memory_bytes: 1e9 })
    await ended(id)
  })
})

describe('items by URL', () => {
  it('are fetched through the guard, and one that cannot be is one failed item', async () => {
    const answers: Record<string, [number, string]> = {
      '/scans/a.txt?key=secret': [200, 'from afar'],
      '/large.txt': [200, 'x'.repeat(1001)],
      '/gone.txt': [404, 'no'],
      '/list.jsonl': [200, `"${other.url}/scans/a.txt?key=secret"\n"http://10.0.0.1/x"\n`],
      '/two.json': [200, JSON.stringify({ files: [`${other.url}/scans/a.txt?key=secret`] })],
    }
    other.answer = ({ path: at }) => {
      const [status, body] = answers[at] ?? [404, '']
      return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8' } }
    }
    const urls = ['/scans/a.txt?key=secret', '/large.txt', '/gone.txt'].map((at) => other.url + at)
    const { batch_id: id } = await create('head', { items: urls })
    await ended(id)
    const items = await itemsOf(id)
    expect(items.map(({ name, problem }) => [name, problem?.code])).toEqual([
      ['scans/a.txt', undefined],
      ['large.txt', 'outbound-too-large'],
      ['gone.txt', 'object-not-found'],
    ])
    expect(items[0]?.outputs[0]?.sha256).toBe(sha256('from '))
    expect(JSON.stringify(items.map(({ problem }) => problem))).not.toContain('secret')

    const listed = await service.call('POST /processors/head/batches', {
      json: { manifest_uri: `${other.url}/list.jsonl` },
    })
    expect([listed.status, listed.json.errors]).toEqual([
      422,
      [expect.objectContaining({ detail: expect.stringContaining('Not allowed: 10.0.0.1') })],
    ])
    for (const json of [
      { manifest_uri: `${other.url}/two.json` },
      { manifest_inline: { files: [urls[0]] } },
      { input: { source: urls[0] } },
    ]) {
      const submitted = await service.call('POST /processors/head/jobs', { json })
      const job = await service.ended(String(submitted.json.job_id))
      expect([job.status, job.outputs[0]?.sha256]).toEqual(['completed', sha256('from ')])
    }
    const refused = await service.call('POST /processors/head/jobs', {
      json: { input: { source: 'http://169.254.169.254/latest' } },
    })
    expect([refused.status, refused.json.code]).toEqual([403, 'outbound-refused'])
  })
})

describe('others', () => {
  it('neither see a batch nor change it, and below another processor it is not there', async () => {
    const { batch_id } = await create('shout', { items: [{ input: { text: 'a' } }] })
    await ended(batch_id)
    for (const what of ['', '/items', '/results.jsonl', '/outputs.zip'])
      expect((await service.call(`GET /processors/head/batches/${batch_id}${what}`)).status).toBe(
        404,
      )
    expect((await service.call(`GET /processors/shout/batches/${batch_id}`)).status).toBe(200)
    const keys = createKeys(service.app.services.database)
    const { token } = await keys.create({ owner: 'eve', scopes: ['submit'] })
    const asEve = { headers: { authorization: `Bearer ${token}` } }
    for (const what of ['GET ', 'GET /items', 'POST /cancel', 'POST /retry'].map((one) => {
      const [method, below] = one.split(' ')
      return `${method} /batches/${batch_id}${below}`
    })) {
      const answer = await service.call(what, asEve)
      expect([what, answer.status, answer.json.code]).toEqual([what, 404, 'batch-not-found'])
    }
    expect((await service.call('GET /batches', asEve)).json.batches).toEqual([])
    const stolen = await service.call('POST /processors/gather/batches', {
      json: { prefix: uriOf('results/') },
      ...asEve,
    })
    expect([stolen.status, stolen.json.code]).toEqual([422, 'batch-empty'])
  })
})
