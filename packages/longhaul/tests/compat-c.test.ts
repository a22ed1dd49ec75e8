import { createClient } from '@longhaul/client'
import { createCompatClient } from '@longhaul/client/compat'
import {
  batchItemList,
  operationResults,
  operationsStarted,
  type FlowResult,
} from '@longhaul/protocol'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dispatch } from '../src/cli/dispatch.ts'
import { createKeys } from '../src/keys/index.ts'
import { startAssetApi, type AssetApiServer } from './harness/asset-api.ts'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { keptWith } from './harness/kept-with.ts'
import { until } from './harness/until.ts'

// System C, row by row, against a paid API and a server of assets that are somebody else's.

let api: AssetApiServer
let service: HttpService
beforeAll(async () => {
  api = await startAssetApi('the-key')
  service = await startHttpService(
    {
      outboundAllow: [`127.0.0.1:${api.port}`],
      assetApis: { '': { url: api.url, key: 'the-key' } },
      maxConcurrentJobs: 1,
    },
    [fixture('asset-operations.ts')],
  )
})
afterAll(async () => {
  await service?.stop()
  await api?.stop()
})
afterEach(() => {
  api.odd = () => undefined
})

const at = (name: string) => api.assetUrl(name)
const post = (where: string, json: unknown, headers: Record<string, string> = {}) =>
  service.call(`POST ${where}`, { json, headers })
const start = async (paths: readonly string[], more: object = {}) => {
  const answer = await post('/api/v2/remove-backgrounds', { image_urls: paths.map(at), ...more })
  expect(answer.status, answer.text).toBe(200)
  return operationsStarted.strict().parse(answer.json)
}
const resultsOf = async (ids: unknown) => {
  const answer = await post('/api/v2/remove-backgrounds/results', ids)
  expect(answer.status, answer.text).toBe(200)
  return operationResults.strict().parse(answer.json)
}
/** Until each has come to the status that is expected of it. */
const untilEach = (ids: readonly string[], statuses: readonly string[]) =>
  until(`${statuses.join()}`, async () => {
    const { results } = await resultsOf(ids)
    const flows = ids.map((id) => results[id] as FlowResult)
    return flows.every(({ status }, n) => status === statuses[n]) ? flows : undefined
  })
const callsAbout = (text: string) => api.calls.filter((call) => call.text.includes(text)).length

/** Names and texts of a ZIP, by a reader that is not ours. */
async function unzipped(body: ArrayBuffer): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-zip-'))
  try {
    const file = path.join(folder, 'a.zip')
    await writeFile(file, Buffer.from(body))
    const read =
      'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\n' +
      'print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))'
    const text = execFileSync('python3', ['-c', read, file], { encoding: 'utf8' })
    return JSON.parse(text) as Record<string, string>
  } finally {
    await rm(folder, { recursive: true })
  }
}
const zipFrom = async (paths: readonly string[]) => {
  const response = await fetch(`${service.url}/api/v1/remove-backgrounds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ digital_asset_urls: paths.map(at) }),
  })
  return { response, files: await unzipped(await response.clone().arrayBuffer()) }
}

it('[C.2 GET / C.2 GET /health C.8.15] says that it runs, and of its parts whether they do', async () => {
  expect((await service.call('GET /')).json.message).toBe('longhaul is running')
  expect((await service.call('GET /health')).json).toMatchObject({ status: 'healthy' })
  const { json } = await service.call('GET /health/ready')
  expect(json).toMatchObject({ checks: expect.anything() as unknown })
})

describe('v1', () => {
  it('[C.2 POST /api/v1/<operation>] answers with the processed bytes, under both names of field and slug', async () => {
    for (const [slug, field] of [
      ['remove-background', 'digital_asset_url'],
      ['cut-out', 'image_url'],
    ] as const) {
      const answer = await post(`/api/v1/${slug}`, { [field]: at(`one-${slug}.jpg`) })
      expect([answer.status, answer.text]).toEqual([200, `cut:asset /one-${slug}.jpg`])
      expect(answer.headers.get('content-type')).toBe('image/png')
      expect(answer.headers.get('content-disposition')).toBe(
        'attachment; filename=background_removed.png',
      )
    }
    expect((await post('/api/v1/remove-background', {})).json).toMatchObject({
      code: 'invalid-request',
      detail: [{ type: 'missing', loc: ['body', 'digital_asset_url'] }],
    })
    for (const url of ['ftp://example.org/a', 'no url', 7])
      expect((await post('/api/v1/remove-background', { image_url: url })).status).toBe(422)
    expect((await post('/api/v1/unheard-of', { image_url: at('a') })).status).toBe(404)
  })

  it('hands parameters on, and refuses those that the operation does not know', async () => {
    const ask = (parameters: object) => post('/api/v1/tint', { image_url: at('a.txt'), parameters })
    expect((await ask({ colour: 'blue' })).text).toBe('cut:blue /a.txt')
    expect((await ask({ colour: 'green' })).status).toBe(422)
    expect((await ask({ size: 1 })).status).toBe(422)
  })

  it('[C.2 POST /api/v1/<operations> C.8.1] answers with a ZIP of what succeeded, and says in it what did not', async () => {
    const { response, files } = await zipFrom(['a/b c.png', 'status-404', 'a/b c.png', 'é?x=1'])
    expect(response.headers.get('content-type')).toBe('application/zip')
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename=background_removed_images.zip',
    )
    expect([
      response.headers.get('x-total-count'),
      response.headers.get('x-success-count'),
    ]).toEqual(['4', '3'])
    const { 'manifest.json': manifest = '', ...images } = files
    expect(images).toEqual({
      'image_1_bc.png.png': 'cut:asset /a/b%20c.png',
      'image_3_bc.png.png': 'cut:asset /a/b%20c.png',
      'image_4_image.png': 'cut:asset /%C3%A9',
    })
    expect(JSON.parse(manifest)).toMatchObject({
      total_count: 4,
      success_count: 3,
      results: [
        { n: 1, success: true, file: 'image_1_bc.png.png' },
        { n: 2, success: false, file: null, code: 'asset-not-found', url: at('status-404') },
        { n: 3 },
        { n: 4 },
      ],
    })
  })

  it('refuses an empty list and more than ten, and is 502 when nothing succeeded', async () => {
    const ask = (paths: readonly string[]) =>
      post('/api/v1/remove-backgrounds', { image_urls: paths.map(at) })
    expect((await ask([])).json).toMatchObject({
      status: 400,
      detail: 'At least one digital asset URL is required',
    })
    const eleven = Array.from({ length: 11 }, (_, n) => `${n}`)
    expect((await ask(eleven)).json).toMatchObject({
      status: 400,
      detail: 'Maximum 10 digital assets allowed per batch request',
    })
    const none = await ask(['status-404', 'text/a'])
    expect([none.status, none.json.results.length]).toEqual([502, 2])
    expect(none.headers.get('x-success-count')).toBe('0')
  })

  it('[C.8.9] fetches nothing that leads inside, is too large or is of another kind', async () => {
    const ask = (image_url: string) => post('/api/v1/remove-background', { image_url })
    for (const inside of [
      'http://127.0.0.1:1/',
      'http://localhost/a.png',
      'http://169.254.169.254/latest/meta-data',
      'http://[::1]/',
      'http://user:secret@example.org/',
      at(`to/${encodeURIComponent('http://169.254.169.254/')}`),
    ])
      expect((await ask(inside)).json).toMatchObject({ status: 403, code: 'outbound-refused' })
    expect((await ask(at('huge.png'))).json).toMatchObject({
      status: 502,
      code: 'outbound-too-large',
    })
    const html = await ask(at('text/page'))
    expect(html.json).toMatchObject({ status: 400, code: 'asset-refused' })
    expect(html.json.detail).toMatch(/Content-Type is text\/html/)
    expect((await ask(at(`to/${encodeURIComponent(at('there.png'))}`))).text).toBe(
      'cut:asset /there.png',
    )
    expect(api.calls.filter(({ text }) => /huge|text/.test(text))).toEqual([])
  })

  it('[C.8.10] tells what the API did as 502, 504 or 400, and tries again what may pass', async () => {
    const ask = (name: string) => post('/api/v1/remove-background', { image_url: at(name) })
    const failing = (status: number, body = '') => {
      api.odd = () => ({ status, body, headers: { 'content-type': 'text/plain' } })
    }
    failing(503, 'try later')
    expect((await ask('busy.png')).json).toMatchObject({
      ...{ status: 502, code: 'operation-failed' },
      detail: `127.0.0.1:${api.port} answered 503: try later`,
    })
    expect(callsAbout('busy.png')).toBe(3)
    let turn = 0
    api.odd = () => (turn++ < 2 ? { status: 429, headers: { 'retry-after': '0' } } : undefined)
    expect((await ask('turn.png')).text).toBe('cut:asset /turn.png')
    failing(422, 'no foreground')
    expect((await ask('empty.png')).json).toMatchObject({ status: 400, code: 'asset-refused' })
    failing(402)
    expect((await ask('unpaid.png')).json).toMatchObject({ status: 502, code: 'operation-failed' })
    expect([callsAbout('empty.png'), callsAbout('unpaid.png')]).toEqual([1, 1])
    api.odd = () => 'silence'
    const slow = await post('/api/v1/impatient', { image_url: at('slow.png') })
    expect(slow.json).toMatchObject({ status: 504, code: 'operation-timeout' })
    expect(callsAbout('slow.png')).toBe(2)
  })

  it('works while jobs take every slot, and gives none of theirs away', async () => {
    const occupy = async (): Promise<string> => {
      const answer = await post('/processors/occupant/jobs', { input: {} })
      expect(answer.status, answer.text).toBe(201)
      return answer.json.job_id as string
    }
    const statusOf = async (id: string): Promise<string> =>
      (await service.call(`GET /jobs/${id}?view=native`)).json.status as string
    const first = await occupy()
    await until('a job in the one slot', async () => (await statusOf(first)) === 'running')
    const second = await occupy()
    const { response, files } = await zipFrom(['beside-1.png', 'beside-2.png', 'beside-3.png'])
    expect([response.status, Object.keys(files).length]).toEqual([200, 4])
    expect([await statusOf(first), await statusOf(second)]).toEqual(['running', 'queued'])
    for (const id of [second, first]) {
      await service.call(`POST /jobs/${id}/cancel`)
      await service.ended(id)
    }
  })

  it('ends the work when its caller leaves, unless a key says that somebody may come back', async () => {
    api.odd = () => 'silence'
    const leave = async (name: string, headers: Record<string, string> = {}): Promise<string> => {
      const caller = new AbortController()
      const call = { json: { image_url: at(name) }, headers, signal: caller.signal }
      const asked = service.call('POST /api/v1/remove-background', call)
      const known = () => api.calls.find(({ text }) => text.includes(name))
      const { idempotencyKey: jobId } = await until('the call of the API', known)
      caller.abort()
      await expect(asked).rejects.toThrow('aborted')
      return jobId
    }
    const tried = randomUUID()
    const awaited = await leave(`${tried}-awaited.png`, { 'idempotency-key': tried })
    const left = await leave(`${tried}-left.png`)
    expect((await service.ended(left)).status).toBe('cancelled')
    const { json } = await service.call(`GET /jobs/${awaited}?view=native`)
    expect(json.status).toBe('running')
    await service.call(`POST /jobs/${awaited}/cancel`)
    await service.ended(awaited)
  })
})

describe('v2', () => {
  it('[C.2 POST /api/v2/<operations> C.2 POST /api/v2/<operations>/results C.8.2] tells running, failed and unknown apart', async () => {
    api.odd = ({ text }) =>
      text.includes('waits') ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    const { flow_ids, ...started } = await start(['done.png', 'status-410', 'waits.png'])
    expect(started).toMatchObject({
      message: 'Started processing 3 assets',
      ...{ status: 'RUNNING', digital_asset_count: 3, image_count: 3 },
    })
    const [done = '', gone = '', waits = ''] = flow_ids
    expect(done).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    await untilEach(flow_ids, ['COMPLETED', 'FAILED', 'RETRYING'])
    const answer = await resultsOf({ flow_ids: [...flow_ids, 'bogus', done] })
    expect([answer.total_count, answer.success_count]).toEqual([5, 2])
    expect(answer.results).toMatchObject({
      [done]: { url: done, success: true, error: null, original_url: at('done.png') },
      [gone]: { success: false, processed_url: null, original_url: at('status-410') },
      [waits]: { success: false, error: null, processed_url: null, original_url: null },
      bogus: { status: 'UNKNOWN', success: false, original_url: 'unknown' },
    })
    expect(answer.results[gone]?.error).toMatch(/it answered 410/)
    expect(answer.results['bogus']?.error).toMatch(/^Error checking flow: /)
    await service.call(`POST /batches/${started.batch_id}/cancel`)
    const [, , cancelled] = await untilEach(flow_ids, ['COMPLETED', 'FAILED', 'CANCELLED'])
    expect(cancelled).toMatchObject({ error: 'cancelled', success: false })
  })

  it('is a native batch, and the same request makes one however often it comes', async () => {
    const more = { idempotency_key: 'night 7' }
    const first = await start(['same-1.png', 'same-2.png'], more)
    const again = await start(['same-1.png', 'same-2.png'], more)
    expect(again).toEqual(first)
    await untilEach(first.flow_ids, ['COMPLETED', 'COMPLETED'])
    expect((await service.call(`GET /batches/${first.batch_id}`)).json).toMatchObject({
      processor: 'remove-background',
      counts: { total: 2, completed: 2 },
    })
    const itemsOf = async (id: string) =>
      batchItemList.parse((await service.call(`GET /batches/${id}/items`)).json).items
    expect((await itemsOf(first.batch_id)).map(({ job_id }) => job_id)).toEqual(first.flow_ids)
    expect((await service.call(`GET /jobs/${first.flow_ids[0]}`)).json).toMatchObject({
      kind: 'operation',
    })
    const native = await post('/processors/remove-background/batches', {
      items: [{ input: { digital_asset_url: at('native.png') } }],
    })
    const ended = await until('the native batch', async () => {
      const [item] = await itemsOf(String(native.json.batch_id))
      return item?.status === 'completed' ? item : undefined
    })
    expect((await resultsOf([String(ended.job_id)])).success_count).toBe(1)
    expect(callsAbout('same-1.png')).toBe(1)
  })

  it('[C.8.4] starts all of a request or nothing', async () => {
    const before = (await service.call('GET /batches')).json.batches.length
    for (const bad of ['http://10.0.0.1/a.png', 'nonsense', 'http://localhost/'])
      expect(
        (await post('/api/v2/remove-backgrounds', { image_urls: [at('first.png'), bad] })).status,
      ).toBeGreaterThanOrEqual(403)
    expect((await service.call('GET /batches')).json.batches.length).toBe(before)
    expect(api.fetches.has('/first.png')).toBe(false)
  })

  it('[C.8.5 C.8.6] gives equal names places of their own, and URLs that work from outside until they expire', async () => {
    const { flow_ids } = await start(['x/cat.png?v=1', 'y/cat.png?v=2'])
    const flows = await untilEach(flow_ids, ['COMPLETED', 'COMPLETED'])
    const urls = flows.map(({ processed_url }) => new URL(String(processed_url)))
    expect(new Set(urls.map(({ pathname }) => pathname)).size).toBe(2)
    for (const [n, url] of urls.entries()) {
      expect(url.pathname).toMatch(/\/processed_\d+_cat\.png$/)
      expect(await (await fetch(url)).text()).toBe(`cut:asset /${'xy'[n]}/cat.png`)
      expect((await fetch(new URL(url.pathname, url))).status).toBeGreaterThanOrEqual(400)
    }
    const { storage } = service.app.services
    const [key = ''] = (
      await storage.list(`results/${flow_ids[0]}/processed_`, { limit: 1 })
    ).objects.map(({ key }) => key)
    const short = await storage.objectUrl(key, { expiresInSeconds: 1, baseUrl: service.url })
    await until('its expiry', async () => (await fetch(short)).status === 403)
  })

  it('[C.8.13] refuses no ids, too many, and what is no list', async () => {
    const ask = (json: unknown) => post('/api/v2/remove-backgrounds/results', json)
    expect((await ask([])).json).toMatchObject({
      status: 400,
      detail: 'At least one flow ID is required',
    })
    expect((await ask(Array.from({ length: 1001 }, String))).status).toBe(400)
    for (const body of [{}, { flow_ids: 'a' }, [7], 'a']) expect((await ask(body)).status).toBe(422)
    expect((await post('/api/v2/remove-background', { image_urls: [at('a')] })).status).toBe(404)
  })

  it('[C.8.14] pays once for an asset whose answer could not be stored, and fetches it once', async () => {
    const { storage } = service.app.services
    const put = storage.begin.bind(storage)
    let failures = 0
    Object.assign(storage, {
      begin: (key: string, ...rest: [never]) => {
        if (!key.includes('processed_') || failures++ > 1) return put(key, ...rest)
        throw new Error('the disk says no')
      },
    })
    try {
      const { flow_ids } = await start(['stored-late.png'])
      await untilEach(flow_ids, ['COMPLETED'])
    } finally {
      Object.assign(storage, { begin: put })
    }
    expect(failures).toBeGreaterThan(1)
    expect(callsAbout('stored-late.png')).toBe(1)
    expect(api.fetches.get('/stored-late.png')).toBe(1)
  })
})

describe('clients', () => {
  it('start, wait for and read the results of operations', async () => {
    const client = createClient({ url: service.url })
    const one = await client.operations.process('remove-background', at('client.png'))
    expect(await one.text()).toBe('cut:asset /client.png')
    const { flow_ids } = await client.operations.start('cut-outs', [at('c1.png'), at('status-404')])
    const flows = await client.operations.wait('cut-outs', flow_ids, { pollMs: 20 })
    expect(flow_ids.map((id) => flows[id]?.status)).toEqual(['COMPLETED', 'FAILED'])
    const old = createCompatClient({ url: service.url })
    const started = await old.startOperations('remove-backgrounds', [at('c2.png')])
    const { results } = await old.getOperationResults('remove-backgrounds', started.flow_ids)
    expect(Object.keys(results)).toEqual(started.flow_ids)
  })

  it('on the command line tell of each asset, fetch the results, and end with 3 when some failed', async () => {
    const urls = path.join(service.folder, 'urls.txt')
    await writeFile(urls, `# mine\n${at('line/1.png')}\n\n${at('status-404')}\n`)
    const shown = { out: '', err: '' }
    const code = await dispatch(
      ['assets', 'remove-backgrounds', '--from', urls, '--out', 'cut', '--url', service.url],
      {
        env: {},
        cwd: service.folder,
        stdout: { write: (text) => ((shown.out += String(text)), true) },
        stderr: { write: (text) => ((shown.err += String(text)), true) },
        interruption: () => new AbortController().signal,
      },
    )
    expect([code, shown.err]).toEqual([3, expect.not.stringContaining('longhaul:')])
    const [done, failed, file = ''] = shown.out.trim().split('\n')
    expect(done?.split('\t').slice(0, 2)).toEqual(['COMPLETED', at('line/1.png')])
    expect(failed).toMatch(/^FAILED\t.*it answered 404/)
    expect(file).toMatch(/^cut\/line\/1\.png\/processed_\d+_1\.png$/)
    expect(await readFile(path.join(service.folder, file), 'utf8')).toBe('cut:asset /line/1.png')
  })
})

describe('the key', () => {
  it('[C.8.3] is in no row, event, log, file or answer, whatever the API says of it', async () => {
    const said: string[] = []
    const ask = async (what: string, json?: unknown) => {
      const answer = await service.call(what, json === undefined ? {} : { json })
      said.push(answer.text, JSON.stringify([...answer.headers]))
      return answer
    }
    for (const status of [500, 403, 415]) {
      api.odd = () => ({
        status,
        headers: { 'content-type': 'application/json', 'x-echo': 'the-key' },
        body: `{"error": "the-key is wrong, ${Buffer.from('the-key').toString('base64')} too"}`,
      })
      const image_url = at(`told-${status}.png`)
      const { text } = await ask('POST /api/v1/remove-background', { image_url })
      expect(text).toContain('[key] is wrong, [key] too')
    }
    api.odd = () => undefined
    const { flow_ids } = await start(['told.png'])
    await untilEach(flow_ids, ['COMPLETED'])
    for (const where of ['', '?view=native', '/events', '/logs', '/outputs', '/provenance'])
      await ask(`GET /jobs/${flow_ids[0]}${where}`)
    for (const where of [
      '/',
      '/openapi.json',
      '/processors/remove-background',
      '/status',
      '/queues',
    ])
      await ask(`GET ${where}`)
    await ask('GET /metrics')
    await ask('GET /jobs?view=native&limit=100')
    said.push(JSON.stringify(service.logged))
    expect(said.filter((text) => text.includes('the-key'))).toEqual([])
    expect(await keptWith(service, 'the-key')).toEqual([])
    // A search that finds nothing anywhere proves nothing.
    expect((await keptWith(service, 'told-415')).length).toBeGreaterThan(0)
  })

  it('[C.8.11] is asked for when the service starts, by the names of all that is missing', async () => {
    const files = [fixture('asset-operations.ts')]
    await expect(startHttpService({ assetApis: { '': { url: api.url } } }, files)).rejects.toThrow(
      'The operation remove-background calls an API: set ASSET_API_KEY.',
    )
  })

  it('[C.8.12] of the API is spent only for those who have a key of the service, and for no web page', async () => {
    const { database } = service.app.services
    const origin = await service.call('POST /api/v2/remove-backgrounds', {
      json: { image_urls: [at('page.png')] },
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    expect(origin.status).toBe(403)
    expect(origin.headers.get('access-control-allow-origin')).toBe(null)
    const { token: key } = await createKeys(database).create({ owner: 'ana', scopes: ['submit'] })
    const [mine, nobodys] = await Promise.all(
      [{ authorization: `Bearer ${key}` }, {}].map((headers) =>
        post('/api/v2/remove-backgrounds', { image_urls: [at('owned.png')] }, headers as never),
      ),
    )
    expect([mine?.status, nobodys?.status]).toEqual([200, 401])
    const { token: other } = await createKeys(database).create({ owner: 'ben', scopes: ['submit'] })
    const seen = await post('/api/v2/remove-backgrounds/results', mine?.json.flow_ids, {
      authorization: `Bearer ${other}`,
    })
    expect(Object.values(operationResults.parse(seen.json).results)).toMatchObject([
      { status: 'UNKNOWN' },
    ])
  })
})
