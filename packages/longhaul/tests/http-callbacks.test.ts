import { callbackList, callbackSecret, callbackView, jobList } from '@longhaul/protocol'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeys } from '../src/keys/index.ts'
import { apiOnly, startFleet, workerOnly } from './harness/fleet.ts'
import {
  processorsFile,
  startHttpService,
  type HttpService,
  type Loose,
} from './harness/http-service.ts'
import { startReceiver, type Receiver } from './harness/receiver.ts'
import { until } from './harness/until.ts'

const compatProcessor = fileURLToPath(new URL('fixtures/compat-processor.ts', import.meta.url))

let receiver: Receiver
let service: HttpService
beforeAll(async () => {
  receiver = await startReceiver()
  service = await startHttpService(
    { leaseMs: 3000, outboundAllow: ['127.0.0.1'], callbackTries: 2 },
    [processorsFile, compatProcessor],
  )
})
afterAll(async () => {
  await service?.stop()
  await receiver?.stop()
})

let paths = 0
const newPath = (): string => `/${++paths}`
const submit = async (processor: string, json: object): Promise<string> => {
  const answer = await service.call(`POST /processors/${processor}/jobs`, { json })
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer.json.job_id as string
}
const callbacksOf = async (id: string) =>
  callbackList.strict().parse((await service.call(`GET /jobs/${id}/callbacks`)).json).callbacks
const settled = (id: string) =>
  until(`the end of the callback of ${id}`, async () => {
    const [callback] = await callbacksOf(id)
    return callback && callback.status !== 'waiting' ? callback : undefined
  })

describe('every way to submit a job', () => {
  const upload = async (): Promise<string> => {
    await service.app.services.storage.put('datasets/a.txt', Buffer.from('abc'))
    return `s3://${service.app.services.config.bucket}/datasets/a.txt`
  }
  const form = (where: string) =>
    service.call(`POST ${where}`, { form: { source: [['in.txt', 'hello']] } })
  const ways: Record<string, (url: string) => Promise<{ json: { job_id: string } }>> = {
    'JSON below the processor': (callback_url) =>
      service.call('POST /processors/shout/jobs', { json: { input: { text: 'a' }, callback_url } }),
    'JSON at the root': (callback_url) =>
      service.call('POST /jobs', {
        json: { processor: 'shout', input: { text: 'a' }, callback_url },
      }),
    'JSON, in the URL': (url) =>
      service.call(`POST /processors/shout/jobs?callback_url=${encodeURIComponent(url)}`, {
        json: { input: { text: 'a' } },
      }),
    'a form with a file': (url) =>
      form(`/processors/head/jobs?callback_url=${encodeURIComponent(url)}`),
    'a form of text': (url) =>
      service.call(`POST /processors/shout/jobs?callback_url=${encodeURIComponent(url)}`, {
        body: 'text=a',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    'a manifest': async (callback_url) =>
      service.call('POST /processors/count/jobs', {
        json: { manifest_inline: { files: [await upload()] }, callback_url },
      }),
  }

  it('takes one with an ingest, for the job that it becomes', async () => {
    const path = newPath()
    const started = await service.call('POST /processors/count/ingest/start', {
      json: { files: [{ filename: 'a.txt', size_bytes: 3 }], callback_url: receiver.url + path },
    })
    const { job_id, files } = started.json as { job_id: string; files: Loose[] }
    const [{ file_id, upload_id, part_urls }] = files as [Loose]
    const put = await fetch(part_urls[0].url as string, { method: 'PUT', body: 'abc' })
    const parts = [{ PartNumber: 1, ETag: put.headers.get('etag') }]
    const json = { job_id, file_id, upload_id, parts }
    expect((await service.call('POST /ingest/complete', { json })).status).toBe(200)
    const [first] = await receiver.at(path)
    expect(first?.json).toMatchObject({ job_id, status: 'completed', type: 'job.completed' })
  })

  it.each(Object.keys(ways))('takes a callback_url: %s', async (way) => {
    const path = newPath()
    const { json } = (await ways[way]?.(receiver.url + path)) ?? { json: { job_id: '' } }
    const [first] = await receiver.at(path)
    const { json: job } = await service.call(`GET /jobs/${json.job_id}`)
    expect(first?.json).toMatchObject({ ...job, type: 'job.completed' })
    expect(first?.headers['content-type']).toBe('application/json')
    expect((await settled(json.job_id)).status).toBe('delivered')
    expect(receiver.received.filter((one) => one.path === path)).toHaveLength(1)
  })
})

describe('every way a job ends', () => {
  const callback_url = () => `${receiver.url}/${paths}`
  const ends: Record<string, () => Promise<string>> = {
    'job.completed': () => submit('shout', { input: { text: 'a' }, callback_url: callback_url() }),
    'job.failed': () =>
      submit('fail', { input: { how: 'permanent' }, callback_url: callback_url() }),
    'job.cancelled': async () => {
      const input = { until: '/nonexistent/never' }
      const id = await submit('wait', { input, callback_url: callback_url() })
      await service.call(`POST /jobs/${id}/cancel`)
      return id
    },
    'job.failed, expired': async () => {
      await service.call('PATCH /queues/gather', { json: { paused: true } })
      const answer = await service.call(
        `POST /processors/gather/jobs?expires_in_seconds=0.1&callback_url=${encodeURIComponent(callback_url())}`,
        { form: { files: [['a.txt', 'a']] } },
      )
      return answer.json.job_id as string
    },
    'job.failed, dependency-failed': async () => {
      const on = await submit('fail', { input: { how: 'permanent' } })
      await service.ended(on)
      const input = { text: 'a' }
      return submit('shout', { input, depends_on: [on], callback_url: callback_url() })
    },
    'job.cancelled, dependency-cancelled': async () => {
      const on = await submit('wait', { input: { until: '/nonexistent/never' } })
      const input = { text: 'a' }
      const id = await submit('shout', { input, depends_on: [on], callback_url: callback_url() })
      await service.call(`POST /jobs/${on}/cancel`)
      return id
    },
  }

  it.each(Object.keys(ends))('is told: %s', async (end) => {
    const path = newPath()
    const id = (await ends[end]?.()) ?? ''
    const [first] = await receiver.at(path)
    const [type, code] = end.split(', ')
    expect([first?.json.job_id, first?.json.type]).toEqual([id, type])
    if (code?.includes('cancelled') === false) expect(first?.json.problem.code).toBe(code)
    await settled(id)
    expect(receiver.received.filter((one) => one.path === path)).toHaveLength(1)
  })

  it('is told again when a retried job ends again, under another id', async () => {
    const path = newPath()
    const callback = receiver.url + path
    const id = await submit('fail', { input: { how: 'permanent' }, callback_url: callback })
    await settled(id)
    expect((await service.call(`POST /jobs/${id}/retry`)).status).toBe(200)
    const ids = (await receiver.at(path, 2)).map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(2)
    expect((await callbacksOf(id)).map(({ callback_id }) => callback_id)).toEqual(ids.reverse())
  })
})

describe('a receiver of system B', () => {
  it("finds the status, the result, and the result's fields at the top", async () => {
    const { storage, config } = service.app.services
    await storage.put('datasets/b.txt', Buffer.from('abc'))
    const path = newPath()
    await submit('count', {
      manifest_inline: { files: [`s3://${config.bucket}/datasets/b.txt`] },
      callback_url: receiver.url + path,
    })
    const [first] = await receiver.at(path)
    expect(first?.json).toMatchObject({
      status: 'completed',
      error: null,
      metrics: { inputs_processed: 1, bytes: 3 },
      result: { metrics: { inputs_processed: 1, bytes: 3 } },
    })
  })
})

describe('a URL that may not be called', () => {
  it.each([
    ['another machine of ours', 'http://127.0.0.3:80/'],
    ['metadata', 'http://169.254.169.254/latest'],
    ['a password', 'http://a:b@127.0.0.1/'],
    ['a file', 'file:///etc/passwd'],
    ['nothing at all', 'no url'],
  ])('is refused when the job is submitted: %s', async (_what, callback_url) => {
    const total = async (): Promise<number> =>
      jobList.parse((await service.call('GET /jobs?view=native&limit=1')).json).total
    const before = await total()
    const where = '/processors/shout/jobs'
    const json = { input: { text: 'a' }, callback_url }
    for (const [place, answer] of [
      ['body', await service.call(`POST ${where}`, { json })],
      [
        'query',
        await service.call(`POST ${where}?callback_url=${encodeURIComponent(callback_url)}`, {
          json: { input: { text: 'a' } },
        }),
      ],
    ] as const) {
      expect([answer.status, answer.json.code]).toEqual([422, 'invalid-request'])
      expect(answer.json.detail[0].loc).toEqual([place, 'callback_url'])
    }
    expect(await total()).toBe(before)
  })

  it('is not reached by a redirect: the callback is dead, can be looked up, and sent again', async () => {
    const path = newPath()
    await using hidden = await stopped(startReceiver('127.0.0.3'))
    let location = `${hidden.url}/secret`
    receiver.answer = ({ path: at }) =>
      at === path ? { status: 307, headers: { location } } : { status: 200 }
    const id = await submit('shout', { input: { text: 'a' }, callback_url: receiver.url + path })
    const dead = await settled(id)
    expect(dead.tries[0]).toMatchObject({ status: null })
    expect(dead).toMatchObject({
      status: 'dead',
      tries: [{ error: expect.stringContaining('not public') }],
    })
    expect(hidden.received).toEqual([])

    const list = async () =>
      callbackList.strict().parse((await service.call('GET /callbacks?status=dead')).json).callbacks
    expect((await list()).map(({ callback_id }) => callback_id)).toContain(dead.callback_id)
    expect((await service.call('GET /metrics')).text).toContain(
      'longhaul_callbacks{state="dead"} 1',
    )

    location = `${receiver.url}/elsewhere`
    const again = await service.call(`POST /callbacks/${dead.callback_id}/retry`)
    expect(callbackView.strict().parse(again.json).status).toBe('waiting')
    const [there] = await receiver.at('/elsewhere')
    expect(there?.json.job_id).toBe(id)
    expect((await settled(id)).tries.map(({ status }) => status)).toEqual([null, 200])
    const over = await service.call(`POST /callbacks/${dead.callback_id}/retry`)
    expect([over.status, over.json.code]).toEqual([409, 'callback-delivered'])
    receiver.answer = () => ({ status: 200 })
  })

  it('gives up on one that fails as often as it may', async () => {
    const path = newPath()
    receiver.answer = ({ path: at }) =>
      at === path ? { status: 503, headers: { 'retry-after': '0' } } : { status: 200 }
    const id = await submit('shout', { input: { text: 'a' }, callback_url: receiver.url + path })
    const { status, tries } = await settled(id)
    expect([status, tries.map((one) => one.status)]).toEqual(['dead', [503, 503]])
    receiver.answer = () => ({ status: 200 })
  })
})

it('an idempotency key brings back the job with its first callback', async () => {
  const [first, second] = [newPath(), newPath()]
  const body = { input: { text: 'once' }, idempotency_key: 'callback-once' }
  const id = await submit('shout', { ...body, callback_url: receiver.url + first })
  expect(await submit('shout', { ...body, callback_url: receiver.url + second })).toBe(id)
  await settled(id)
  expect((await callbacksOf(id)).map(({ url }) => url)).toEqual([receiver.url + first])
})

it('what nobody has is 404, and the list has pages', async () => {
  for (const what of ['POST /callbacks/j_none.3/retry', 'POST /callbacks/junk/retry'])
    expect((await service.call(what)).json.code).toBe('callback-not-found')
  expect((await service.call('GET /jobs/j_none/callbacks')).json.code).toBe('job-not-found')
  const page = async (query: string) =>
    callbackList.strict().parse((await service.call(`GET /callbacks?limit=1${query}`)).json)
  const newest = await page('')
  const next = await page(`&cursor=${newest.next}`)
  expect(newest.callbacks[0]?.callback_id).not.toBe(next.callbacks[0]?.callback_id)
  expect((await service.call('GET /callbacks?cursor=x')).status).toBe(422)
})

it('tells owners of their own callbacks only, each signed with a secret of its own', async () => {
  const own = await startHttpService({ outboundAllow: ['127.0.0.1'] })
  try {
    const keys = createKeys(own.app.services.database)
    const as = async (owner: string, ...scopes: ('read' | 'submit' | 'admin')[]) => ({
      headers: {
        authorization: `Bearer ${(await keys.create({ owner, scopes })).token}`,
      },
    })
    const [ana, ben, root] = [
      await as('ana', 'submit'),
      await as('ben', 'submit'),
      await as('root', 'admin'),
    ]
    const path = newPath()
    const json = { input: { text: 'a' }, callback_url: receiver.url + path }
    const job = await own.call('POST /processors/shout/jobs', { json, ...ana })
    const [told] = await receiver.at(path)
    const id = String(told?.headers['webhook-id'])
    const count = async (who: object) =>
      ((await own.call('GET /callbacks', who)).json.callbacks as unknown[]).length
    expect([await count(ana), await count(ben), await count(root)]).toEqual([1, 0, 1])
    expect((await own.call(`POST /callbacks/${id}/retry`, ben)).status).toBe(404)
    expect((await own.call(`GET /jobs/${job.json.job_id}/callbacks`, ben)).status).toBe(404)
    const secretOf = async (who: object): Promise<string> =>
      callbackSecret.strict().parse((await own.call('GET /callbacks/secret', who)).json).secret
    expect(await secretOf(ana)).not.toBe(await secretOf(ben))
    const reader = await as('ana', 'read')
    expect((await own.call('GET /callbacks/secret', reader)).json.code).toBe('forbidden')
  } finally {
    await own.stop()
  }
})

it('is sent later when a worker ended the job while no API was there', async () => {
  const fleet = await startFleet({ outboundAllow: ['127.0.0.1'] })
  try {
    const path = newPath()
    const api = await fleet.start(apiOnly)
    const url = '/processors/sleeper/jobs'
    const payload = { input: { ms: 0 }, callback_url: receiver.url + path }
    const answer = await api.inject({ method: 'POST', url, payload })
    expect(answer.statusCode, answer.body).toBe(201)
    await api.stop()
    const worker = await fleet.start(workerOnly)
    const { job_id: id } = answer.json<{ job_id: string }>()
    await until('its end', async () => {
      const [job] = await worker.services.engine.get([id], 'everyone')
      return job?.state === 'completed'
    })
    expect(receiver.received.some((one) => one.path === path)).toBe(false)
    await fleet.start(apiOnly)
    const [told] = await receiver.at(path)
    expect(told?.json).toMatchObject({ job_id: id, status: 'completed' })
  } finally {
    await fleet.stop()
  }
})

it('OpenAPI describes them', async () => {
  const { paths: described } = (await service.call('GET /openapi.json')).json as {
    paths: Record<string, object>
  }
  for (const one of [
    '/callbacks',
    '/callbacks/{id}/retry',
    '/callbacks/secret',
    '/jobs/{id}/callbacks',
  ])
    expect(Object.keys(described)).toContain(one)
})

/** For `await using`. */
async function stopped(starting: Promise<Receiver>): Promise<Receiver & AsyncDisposable> {
  const one = await starting
  return Object.assign(one, { [Symbol.asyncDispose]: () => one.stop() })
}
