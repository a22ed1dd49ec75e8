import {
  jobEvent,
  jobList,
  jobView,
  logLine,
  outputList,
  progressEvent,
  systemAJob,
} from '@longhaul/protocol'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService()
})
afterAll(() => service.stop())

const flagFile = () => path.join(service.folder, `flag-${randomBytes(4).toString('hex')}`)
const submit = async (processor: string, input: object): Promise<string> =>
  (await service.call(`POST /processors/${processor}/jobs`, { json: { input } })).json
    .job_id as string
const running = (id: string) =>
  until(
    `${id} to run`,
    async () => (await service.call(`GET /jobs/${id}`)).json.status === 'running',
  )

describe('GET /jobs', () => {
  let ids: string[]
  beforeAll(async () => {
    ids = []
    for (let n = 0; n < 7; n++) ids.push(await submit('shout', { text: `job ${n}` }))
    for (const id of ids) expect(await service.ended(id)).toMatchObject({ problem: null })
  })

  it("is a bare array in system A's words, newest first", async () => {
    const { json } = await service.call('GET /jobs')
    const jobs = z.array(systemAJob.strict()).parse(json)
    expect(jobs).toEqual(json)
    expect(jobs.map((job) => job.job_id)).toEqual([...ids].reverse())
  })

  it('takes a limit as older clients write it', async () => {
    for (const limit of ['2', '%202', '+2', '2.0', '1&limit=2'])
      expect((await service.call(`GET /jobs?limit=${limit}`)).json).toHaveLength(2)
    expect((await service.call('GET /jobs?limit=100000000000000000000000')).status).toBe(200)
  })

  it('pages with a cursor, by the body and by the Link header, and misses nothing', async () => {
    const seen: string[] = []
    let url = '/jobs?view=native&limit=3&processor=shout'
    for (let page = 0; page < 5 && url; page++) {
      const { json, headers } = await service.call(`GET ${url}`)
      const list = jobList.strict().parse(json)
      expect(list).toMatchObject({ total: 7, total_is_estimate: false })
      seen.push(...list.jobs.map((job) => job.job_id))
      const next = /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? ''
      expect(next.includes(`cursor=${list.next}`)).toBe(list.next !== null)
      url = next
    }
    expect(seen).toEqual([...ids].reverse())
  })

  it('filters by status, processor and kind', async () => {
    const count = async (query: string) =>
      (await service.call(`GET /jobs?view=native&${query}`)).json.total as number
    expect(await count('status=completed,failed&processor=shout')).toBe(7)
    expect(await count('status=failed&processor=shout')).toBe(0)
    expect(await count('kind=batch')).toBe(0)
    expect(await count('processor=nobody')).toBe(0)
  })

  it("below a processor lists that one's jobs", async () => {
    expect((await service.call('GET /processors/shout/jobs')).json).toHaveLength(7)
    expect((await service.call('GET /processors/head/jobs')).json).toEqual([])
  })
})

describe('GET /jobs/{id}', () => {
  it('tells a native job in native words, at the root and below its processor', async () => {
    const id = await submit('shout', { text: 'a' })
    const ended = await service.ended(id)
    expect(jobView.strict().parse(ended)).toMatchObject({ attempt: 1, failures: 0, lost: 0 })
    for (const at of [`/jobs/${id}`, `/processors/shout/jobs/${id}`])
      expect((await service.call(`GET ${at}`)).json).toEqual(ended)
    expect((await service.call(`GET /processors/head/jobs/${id}`)).status).toBe(404)
  })
})

describe('cancel', () => {
  it('[A.8.14] ends a running job, may be said twice, and is refused after the end', async () => {
    const id = await submit('wait', { until: flagFile() })
    await running(id)
    const first = await service.call(`POST /jobs/${id}/cancel`)
    expect(first.status).toBe(200)
    expect(first.json.cancel_requested_at).toMatch(/Z$/)
    expect((await service.call(`POST /jobs/${id}/cancel`)).status).toBe(200)
    expect(await service.ended(id)).toMatchObject({ status: 'cancelled' })
    expect((await service.call(`POST /jobs/${id}/cancel`)).status).toBe(200)

    const done = await submit('shout', { text: 'a' })
    await service.ended(done)
    const late = await service.call(`POST /jobs/${done}/cancel`)
    expect([late.status, late.json.code]).toEqual([409, 'job-finished'])
    expect((await service.call('POST /jobs/j_nobody/cancel')).status).toBe(404)
  })
})

describe('retry', () => {
  it('queues an ended job again under its id, and refuses one that runs', async () => {
    const flag = flagFile()
    const id = await submit('wait', { until: flag })
    await running(id)
    const early = await service.call(`POST /jobs/${id}/retry`)
    expect([early.status, early.json.code]).toEqual([409, 'job-not-finished'])
    await service.call(`POST /jobs/${id}/cancel`)
    await service.ended(id)
    writeFileSync(flag, '')
    const again = await service.call(`POST /jobs/${id}/retry`, { json: { from: 'start' } })
    expect([again.status, again.json.job_id]).toEqual([200, id])
    expect(await service.ended(id)).toMatchObject({ status: 'completed', attempt: 2 })
    expect((await service.call('POST /jobs/j_nobody/retry')).status).toBe(404)
    expect(
      (await service.call(`POST /jobs/${id}/retry`, { json: { from: 'nowhere' } })).status,
    ).toBe(422)
  })
})

describe('logs', () => {
  it('give what an attempt wrote, as text and as lines', async () => {
    const id = (
      await service.call('POST /processors/gather/jobs', { form: { files: [['a.txt', 'A']] } })
    ).json.job_id as string
    await service.ended(id)
    const text = await service.call(`GET /jobs/${id}/logs`)
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(text.text).toContain('taking a.txt')
    const json = await service.call(`GET /jobs/${id}/logs?format=json&attempt=1`)
    const lines = json.text
      .trim()
      .split('\n')
      .map((line) => logLine.strict().parse(JSON.parse(line)))
    expect(lines).toContainEqual(
      expect.objectContaining({
        from: 'log',
        level: 'info',
        text: 'taking a.txt',
        fields: { size: 1 },
      }),
    )
    expect((await service.call(`GET /jobs/${id}/logs?attempt=2`)).status).toBe(404)
    expect((await service.call(`GET /jobs/${id}/logs?attempt=0`)).status).toBe(422)
  })
})

describe('outputs', () => {
  const bytes = randomBytes(300_000)
  const digest = createHash('sha256').update(bytes)
  const sha256 = digest.copy().digest('hex')
  let id: string
  let url: string
  beforeAll(async () => {
    const latin = bytes.toString('latin1')
    const form = new FormData()
    form.append('files', new Blob([bytes]), 'a b.bin')
    expect(latin).toHaveLength(bytes.length)
    const response = await fetch(`${service.url}/processors/gather/jobs`, {
      method: 'POST',
      body: form,
    })
    id = ((await response.json()) as { job_id: string }).job_id
    await service.ended(id)
    const { outputs } = outputList
      .strict()
      .parse((await service.call(`GET /jobs/${id}/outputs`)).json)
    url = outputs[0]?.url ?? ''
    expect(outputs).toMatchObject([{ name: 'copies/0-a b.bin', size_bytes: bytes.length, sha256 }])
  })
  const get = async (headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(service.url + url, { method, headers })
    return { response, body: Buffer.from(await response.arrayBuffer()) }
  }

  it('are given whole, with their digest', async () => {
    const { response, body } = await get()
    expect(response.status).toBe(200)
    expect(body.equals(bytes)).toBe(true)
    expect(response.headers.get('etag')).toBe(`"${sha256}"`)
    expect(response.headers.get('repr-digest')).toBe(`sha-256=:${digest.copy().digest('base64')}:`)
    expect(response.headers.get('accept-ranges')).toBe('bytes')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="0-a b.bin"')
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
  })

  it('answer HEAD without the bytes', async () => {
    const { response, body } = await get({}, 'HEAD')
    expect([response.status, body.length]).toEqual([200, 0])
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
  })

  it('are given in part', async () => {
    const { response, body } = await get({ range: 'bytes=1000-1999' })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes 1000-1999/${bytes.length}`)
    expect(body.equals(bytes.subarray(1000, 2000))).toBe(true)
    const tail = await get({ range: 'bytes=-10' })
    expect(tail.body.equals(bytes.subarray(-10))).toBe(true)
    const beyond = await get({ range: `bytes=${bytes.length}-` })
    expect(beyond.response.status).toBe(416)
    expect(beyond.response.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
    expect(JSON.parse(beyond.body.toString())).toMatchObject({ code: 'range-not-satisfiable' })
  })

  it('are not sent again to who has them, and continued only for who began with them', async () => {
    expect((await get({ 'if-none-match': `"${sha256}"` })).response.status).toBe(304)
    expect((await get({ 'if-none-match': '"other"' })).response.status).toBe(200)
    const range = 'bytes=0-9'
    expect((await get({ range, 'if-range': `"${sha256}"` })).response.status).toBe(206)
    expect((await get({ range, 'if-range': '"other"' })).response.status).toBe(200)
  })

  it('can be named by the field that the result has them in', async () => {
    const run = await service.call('POST /processors/head/run', {
      form: { source: [['x', 'hello']] },
    })
    const job = run.headers.get('longhaul-job-id')
    expect((await service.call(`GET /jobs/${job}/outputs/head`)).text).toBe('hello')
    const { json } = await service.call(`GET /jobs/${job}/result`)
    expect(json).toMatchObject({ head: { name: 'head größe.txt', size_bytes: 5 } })
  })

  it.each(['nothing', '..%2f..%2fx', '%2e%2e/x', 'copies', '%00'])(
    'that are not there are 404: %s',
    async (name) => {
      const { status, json } = await service.call(`GET /jobs/${id}/outputs/${name}`)
      expect(status).toBe(404)
      expect(['output-not-found', 'not-found', 'job-not-found']).toContain(json.code)
    },
  )

  it('are refused in words while there are none', async () => {
    const waiting = await submit('wait', { until: flagFile() })
    await running(waiting)
    expect((await service.call(`GET /jobs/${waiting}/outputs`)).json.outputs).toEqual([])
    const result = await service.call(`GET /jobs/${waiting}/result`)
    expect([result.status, result.json.code]).toEqual([409, 'job-not-finished'])
    await service.call(`POST /jobs/${waiting}/cancel`)
    await service.ended(waiting)
    expect((await service.call(`GET /jobs/${waiting}/result`)).json.code).toBe('cancelled')
  })
})

describe('events', () => {
  interface Frame {
    id: string | undefined
    event: string
    data: unknown
  }
  async function events(
    url: string,
    headers: Record<string, string> = {},
    enough = (_: Frame[]) => false,
  ) {
    const stop = new AbortController()
    const response = await fetch(service.url + url, { headers, signal: stop.signal })
    const frames: Frame[] = []
    let text = ''
    try {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString()
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
          const event = field('event')
          if (event !== undefined)
            frames.push({ id: field('id'), event, data: JSON.parse(field('data') ?? '') })
        }
        if (enough(frames)) break
      }
    } finally {
      stop.abort()
    }
    return { response, frames }
  }
  const withoutProgress = (frames: Frame[]) => frames.filter(({ event }) => event !== 'progress')

  it('tell the whole life of a job and then end', async () => {
    const flag = flagFile()
    const id = await submit('wait', { until: flag, label: 'watched' })
    const watching = events(`/jobs/${id}/events`)
    await running(id)
    await until(
      'progress',
      async () => (await service.call(`GET /jobs/${id}`)).json.progress?.stage === 'waiting',
    )
    writeFileSync(flag, '')
    const { response, frames } = await watching
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('x-request-id')).toMatch(/^r_/)
    const told = withoutProgress(frames)
    expect(told.map(({ id: no }) => Number(no))).toEqual(told.map((_, index) => index + 1))
    expect(told.at(0)?.event).toBe('queued')
    expect(told.at(-1)?.event).toBe('completed')
    for (const { data } of told) expect(jobEvent.strict().parse(data)).toMatchObject({ job_id: id })
    const progress = frames.filter(({ event }) => event === 'progress')
    expect(progress.length).toBeGreaterThan(0)
    for (const { id: no, data } of progress) {
      expect(no).toBeUndefined()
      expect(progressEvent.strict().parse(data).data.stage).toBeTypeOf('string')
    }
  })

  it('continue after the last one that the client has, and say 204 when there is no more', async () => {
    const id = await submit('shout', { text: 'a' })
    await service.ended(id)
    const all = withoutProgress((await events(`/jobs/${id}/events`)).frames)
    const rest = await events(`/jobs/${id}/events`, { 'last-event-id': '1' })
    expect(withoutProgress(rest.frames)).toEqual(all.slice(1))
    const { response } = await events(`/jobs/${id}/events?after=${all.length}`)
    expect(response.status).toBe(204)
  })

  it('do not end with an earlier life of a retried job', async () => {
    const flag = flagFile()
    const id = await submit('wait', { until: flag })
    await running(id)
    await service.call(`POST /jobs/${id}/cancel`)
    await service.ended(id)
    await service.call(`POST /jobs/${id}/retry`)
    const watching = events(`/jobs/${id}/events`)
    writeFileSync(flag, '')
    const types = withoutProgress((await watching).frames).map(({ event }) => event)
    expect(types).toContain('cancelled')
    expect(types.at(-1)).toBe('completed')
  })

  it('of a job that is not there are 404', async () => {
    expect((await service.call('GET /jobs/j_nobody/events')).status).toBe(404)
  })

  it('end for everybody when the service stops', async () => {
    const other = await startHttpService()
    const { json } = await other.call('POST /processors/wait/jobs', {
      json: { input: { until: path.join(other.folder, 'never') } },
    })
    const response = await fetch(`${other.url}/jobs/${json.job_id}/events`)
    const body = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
    let text = ''
    while (!text.includes('event: queued')) {
      const { value, done } = await body.next()
      expect(done, text).not.toBe(true)
      text += String(value)
    }
    await other.stop()
    for (let end = false; !end;) end = (await body.next()).done === true
  })
})
