import {
  health,
  problemDocument,
  processorList,
  processorView,
  readiness,
} from '@longhaul/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService()
})
afterAll(() => service.stop())

describe('the service', () => {
  it('[A.2 GET /] says what it is to programs, and sends people to the documentation', async () => {
    const { status, json } = await service.call('GET /')
    expect(status).toBe(200)
    expect(json).toMatchObject({ status: 'healthy', version: '0.1.0', docs: '/docs' })
    expect(JSON.stringify(json)).not.toContain(service.folder)
    const page = await service.call('GET /', { headers: { accept: 'text/html,*/*' } })
    expect([page.status, page.headers.get('location')]).toEqual([302, '/docs'])
  })

  it('is healthy, alive and ready', async () => {
    const { json } = await service.call('GET /health')
    expect(health.strict().parse(json)).toMatchObject({ status: 'healthy', active_jobs: 0 })
    expect((await service.call('GET /health/live')).status).toBe(200)
    const ready = await service.call('GET /health/ready')
    expect(readiness.strict().parse(ready.json).status).toBe('ready')
  })

  it("answers under a processor's prefix with that processor's version", async () => {
    const { json } = await service.call('GET /processors/shout/health')
    expect(json).toMatchObject({ status: 'healthy', version: '2.1' })
  })

  it('lists its processors with their state', async () => {
    const { json } = await service.call('GET /processors')
    const { processors } = processorList.strict().parse(json)
    expect(processors.map(({ name, state }) => [name, state])).toEqual(
      ['shout', 'head', 'gather', 'fail', 'wait', 'hold'].map((name) => [name, 'ready']),
    )
  })

  it('describes a processor with its schemas', async () => {
    const { json } = await service.call('GET /processors/shout')
    const view = processorView.strict().parse(json)
    expect(view).toMatchObject({ version: '2.1', description: 'Says it louder.', max_attempts: 1 })
    expect(view.input).toMatchObject({ properties: { times: { default: 1, maximum: 9 } } })
  })

  it('has metrics whose labels are processor, state and class only', async () => {
    const { text, headers } = await service.call('GET /metrics')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('longhaul_processor_state{processor="shout",state="ready"} 1')
    expect(text).toMatch(/longhaul_event_loop_lag_p99_seconds \d/)
    const labels = new Set([...text.matchAll(/[{,](\w+)="/g)].map(([, label]) => label))
    expect([...labels].sort()).toEqual(['class', 'le', 'processor', 'state'])
  })

  it('writes one line per request, with the id it answers and the trace it was sent', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const { headers } = await service.call('GET /health?signature=secret', {
      headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'x-request-id': 'mine-1' },
    })
    expect(headers.get('x-request-id')).toBe('mine-1')
    const lines = service.logged.filter((line) => line['request_id'] === 'mine-1')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ method: 'GET', path: '/health', status: 200, trace_id: trace })
    expect(JSON.stringify(lines)).not.toContain('secret')
  })

  it('does not take over an id or a trace that could be anything', async () => {
    const { headers } = await service.call('GET /health', {
      headers: { 'x-request-id': 'a b\tc', traceparent: 'nonsense' },
    })
    expect(headers.get('x-request-id')).toMatch(/^r_[0-9a-z]{26}$/)
  })

  it('answers HEAD where it answers GET', async () => {
    for (const path of ['/health', '/jobs', '/processors']) {
      const { status, text } = await service.call(`HEAD ${path}`)
      expect([path, status, text]).toEqual([path, 200, ''])
    }
  })
})

describe('every refusal is a problem document', () => {
  const refusals: [string, number, string, object?][] = [
    ['GET /nope', 404, 'not-found'],
    ['GET /jobs/j_unknown', 404, 'job-not-found'],
    ['GET /jobs/..%2f..%2fx', 404, 'job-not-found'],
    ['GET /jobs/%00', 404, 'job-not-found'],
    [`GET /jobs/${'x'.repeat(1500)}`, 404, 'job-not-found'],
    ['GET /processors/nobody', 404, 'processor-not-found'],
    ['GET /processors/nobody/health', 404, 'processor-not-found'],
    ['GET /%zz', 400, 'bad-request'],
    ['DELETE /jobs', 405, 'method-not-allowed'],
    ['PATCH /processors/shout/run', 405, 'method-not-allowed'],
    [
      'POST /jobs',
      415,
      'unsupported-media-type',
      { body: 'x', headers: { 'content-type': 'text/csv' } },
    ],
    ['POST /ingest/start', 415, 'unsupported-media-type', { form: { a: 'b' } }],
    ['POST /ingest/start', 422, 'invalid-request', { json: {} }],
    ['POST /ingest/start', 422, 'invalid-request'],
    [
      'POST /ingest/start',
      422,
      'malformed-body',
      { body: '{"a":', headers: { 'content-type': 'application/json' } },
    ],
    ['GET /jobs?limit=0', 422, 'invalid-request'],
    ['GET /jobs?limit=-1', 422, 'invalid-request'],
    ['GET /jobs?limit=1.5', 422, 'invalid-request'],
    ['GET /jobs?status=nonsense', 422, 'invalid-request'],
    ['GET /jobs?cursor=nonsense', 422, 'invalid-request'],
    [
      'POST /jobs',
      413,
      'body-too-large',
      { body: `"${'x'.repeat(17 << 20)}"`, headers: { 'content-type': 'application/json' } },
    ],
  ]
  it.each(refusals)('%s is %d %s', async (what, status, code, call) => {
    const answer = await service.call(what, call)
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const document = problemDocument.parse(answer.json)
    expect(document.request_id).toBe(answer.headers.get('x-request-id'))
    expect(document.instance).toBe(`urn:longhaul:request:${document.request_id}`)
    expect(document).toMatchObject({ status, type: `/problems/${code}`, error: document.title })
    expect(Array.isArray(document.detail)).toBe(status === 422)
    expect(answer.text).not.toMatch(/\bat .*\.[tj]s:|node_modules|\/work\//)
    expect(answer.text).not.toContain(service.folder)
  })

  it('a 405 names every method of the path', async () => {
    const { headers } = await service.call('PUT /jobs')
    expect(headers.get('allow')).toBe('GET, HEAD, POST')
  })

  it('[Y.2.15] malformed JSON says where, in the words of the older services', async () => {
    const { json } = await service.call('POST /ingest/start', {
      body: '{"files": [,]}',
      headers: { 'content-type': 'application/json' },
    })
    expect(json.detail).toEqual([
      {
        type: 'json_invalid',
        loc: ['body', 11],
        msg: 'JSON decode error',
        input: {},
        ctx: { error: 'not JSON at position 11' },
      },
    ])
  })

  it.each([
    ['text that is not UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
    ['100,000 brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['NaN', '{"files": NaN}'],
  ])('%s is 422, never 500', async (_name, body) => {
    const answer = await service.call('POST /ingest/start', {
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(422)
  })

  it('JSON without a Content-Type, or of any +json, is JSON', async () => {
    const bytes = new TextEncoder().encode('{"files": []}')
    for (const headers of [{}, { 'content-type': 'application/vnd.x+json; charset=utf-8' }]) {
      const { json } = await service.call('POST /ingest/start', { body: bytes, headers })
      expect(json.detail[0].type).toBe('too_short')
    }
  })

  it('a field called __proto__ changes nothing', async () => {
    const { status } = await service.call('POST /processors/shout/run', {
      body: '{"input": {"text": "a", "__proto__": {"times": 3}, "\\u005f_proto__": {"times": 3}}}',
      headers: { 'content-type': 'application/json' },
    })
    expect(status).toBe(200)
    expect(({} as { times?: number }).times).toBeUndefined()
  })
})

describe('documentation', () => {
  it('is one OpenAPI 3.1 document with the real schema of every processor', async () => {
    const { json } = await service.call('GET /openapi.json')
    expect(json.openapi).toBe('3.1.0')
    for (const path of [
      '/jobs/{id}',
      '/ingest/start',
      '/uploads',
      '/processors/{processor}',
      '/health',
    ])
      expect(Object.keys(json.paths as object)).toContain(path)
    const form = json.paths['/processors/head/run'].post.requestBody.content['multipart/form-data']
    const schema = json.components.schemas[String(form.schema.$ref).split('/').at(-1) ?? '']
    expect(schema.properties).toMatchObject({
      source: { type: 'string', format: 'binary' },
      bytes: { type: 'integer', default: 5 },
    })
  })

  it('refers to nothing that is not there', async () => {
    for (const path of ['/openapi.json', '/docs/json', '/docs/compat/json']) {
      const { json } = await service.call(`GET ${path}`)
      const references = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]+)"/g)].map(
        ([, ref]) => ref ?? '',
      )
      expect(references.length).toBeGreaterThan(0)
      for (const reference of new Set(references)) {
        const found = reference
          .slice(2)
          .split('/')
          .reduce<unknown>(
            (node, key) => (node as Record<string, unknown> | undefined)?.[key],
            json,
          )
        expect([reference, typeof found]).toEqual([reference, 'object'])
      }
    }
  })

  it('shows the native routes at /docs and those of the older systems at /docs/compat', async () => {
    const native = (await service.call('GET /docs/json')).json
    const compat = (await service.call('GET /docs/compat/json')).json
    expect(Object.keys(native.paths as object)).toContain('/processors/shout/run')
    expect(Object.keys(native.paths as object)).not.toContain('/ingest/start')
    const paths = Object.keys(compat.paths as object).sort()
    expect(paths).toContain('/api/upload/large/complete/{upload_id}')
    expect(paths.filter((path) => !path.startsWith('/api/upload/'))).toEqual([
      '/api/v1/datasets/{identifier}',
      '/api/v1/datasets/{identifier}/jobs',
      '/api/v1/datasets/{identifier}/status',
      '/api/v1/{operation}',
      '/api/v2/{operation}',
      '/api/v2/{operation}/results',
      '/health',
      '/health/large-files',
      '/ingest/abort',
      '/ingest/complete',
      '/ingest/start',
      '/ingest/{job_id}',
      '/jobs',
      '/jobs/{id}',
      '/jobs/{id}/progress',
      '/run/{task}',
    ])
    expect(compat.paths['/jobs'].post.tags).toEqual(['system A', 'system B', 'system D'])
    expect(native.paths['/jobs'].post.tags).toEqual(['jobs'])
  })

  it.each(['/docs', '/docs/compat', '/redoc'])(
    '%s is a page that loads nothing from elsewhere',
    async (path) => {
      const { status, text, headers } = await service.call(`GET ${path}`)
      expect(status).toBe(200)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';/)
      const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
      expect(links.length).toBeGreaterThan(0)
      for (const link of links) {
        expect(link).not.toMatch(/^(https?:)?\/\//)
        const asset = await service.call(`GET ${link}`)
        expect([link, asset.status]).toEqual([link, 200])
      }
    },
  )
})

it('copies what jobs say into the service log when the operator asks', async () => {
  const chatty = await startHttpService({ logJobOutput: true })
  try {
    await chatty.call('POST /processors/gather/run', { form: { files: [['a.txt', 'a']] } })
    const copied = chatty.logged.find(({ msg }) => msg === 'taking a.txt')
    expect(copied).toMatchObject({ from: 'log', attempt: 1 })
  } finally {
    await chatty.stop()
  }
})
