import { jobView, problemDocument } from '@longhaul/protocol'
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
const maxInlineBytes = 4 << 20
beforeAll(async () => {
  const root = path.join(import.meta.dirname, 'fixtures')
  service = await startHttpService({ maxInlineBytes, inputRoots: [root] })
})
afterAll(() => service.stop())

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
/** Keys of the store below a prefix, and what lies in uploads that nobody has completed. */
async function stored(prefix = ''): Promise<string[]> {
  const { storage } = service.app.services
  const found = (await storage.list(prefix, { limit: 10_000 })).objects.map(({ key }) => key)
  for await (const { key, uploadId } of storage.listUploads(prefix))
    found.push(`${key}?${uploadId}`)
  return found.sort()
}
/** With what the local store keeps for itself, such as a file that is still coming. */
const everyFile = () =>
  readdirSync(path.join(service.folder, 'data/objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
const neverUntil = () => path.join(service.folder, `never-${randomBytes(4).toString('hex')}`)

describe('POST …/run', () => {
  it('answers with the job and its result', async () => {
    const { status, json, headers } = await service.call('POST /processors/shout/run', {
      json: { input: { text: 'hi', times: 2 } },
    })
    expect(status).toBe(200)
    expect(jobView.strict().parse(json)).toMatchObject({
      status: 'completed',
      kind: 'processor',
      result: { text: 'HIHI' },
    })
    expect(headers.get('longhaul-job-id')).toBe(json.job_id)
  })

  it('answers with the bytes when the output is one file', async () => {
    const { status, text, headers } = await service.call('POST /processors/head/run', {
      form: { source: [['cat.png', 'hello world']], bytes: '4' },
    })
    expect([status, text]).toEqual([200, 'hell'])
    expect(headers.get('content-type')).toBe('text/plain')
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="head gr__e.txt"; filename*=UTF-8''head%20gr%C3%B6%C3%9Fe.txt`,
    )
    expect(headers.get('etag')).toBe(`"${sha256('hell')}"`)
    expect(headers.get('repr-digest')).toBe(
      `sha-256=:${createHash('sha256').update('hell').digest('base64')}:`,
    )
  })

  it.each([
    ['permanent', 500, 'permanent', 'it will never work'],
    ['error', 500, 'transient', 'it did not work this time'],
    ['path', 500, 'permanent', 'cannot read missing.txt'],
  ])(
    'answers with the problem of an attempt that failed: %s',
    async (how, status, code, detail) => {
      const answer = await service.call('POST /processors/fail/run', { json: { input: { how } } })
      expect(answer.status).toBe(status)
      expect(answer.json).toMatchObject({ code, detail: expect.stringContaining(detail) })
      expect(answer.json.job_id).toMatch(/^j_/)
      expect(answer.text).not.toContain(service.folder)
      expect(answer.text).not.toContain('http-processors.ts:')
    },
  )

  it("a processor's refusal of its input is a 422 with a pointer", async () => {
    const { status, json } = await service.call('POST /processors/fail/run', {
      json: { input: { how: 'input' } },
    })
    expect(status).toBe(422)
    expect(json.code).toBe('invalid-input')
    expect(json.errors).toMatchObject([
      {
        pointer: expect.stringMatching(/how$/),
        detail: expect.stringContaining('must be something else'),
      },
    ])
    expect(Array.isArray(json.detail)).toBe(true)
  })

  it('answers 202 with the job when it takes longer than the caller waits', async () => {
    const { status, json, headers } = await service.call('POST /processors/wait/run', {
      json: { input: { until: neverUntil() } },
      headers: { prefer: 'wait=0' },
    })
    expect(status).toBe(202)
    expect(headers.get('location')).toBe(`/jobs/${json.job_id}`)
    expect(headers.get('preference-applied')).toBe('wait=0')
    expect(headers.get('retry-after')).toMatch(/^\d+$/)
    await service.call(`POST /jobs/${json.job_id}/cancel`)
    expect((await service.ended(String(json.job_id))).status).toBe('cancelled')
  })

  it('says that a job was cancelled while somebody waited', async () => {
    const waiting = service.call('POST /processors/wait/run', {
      json: { input: { until: neverUntil(), label: 'waited for' } },
    })
    const id = await until('the running job', async () => {
      const { json } = await service.call('GET /jobs?view=native&status=running&processor=wait')
      return json.jobs[0]?.job_id as string | undefined
    })
    await service.call(`POST /jobs/${id}/cancel`)
    const { status, json } = await waiting
    expect([status, json.code, json.job_id]).toEqual([409, 'cancelled', id])
  })

  it('goes on when the caller leaves', async () => {
    const flag = neverUntil()
    const leaving = new AbortController()
    const gone = service.call('POST /processors/wait/run', {
      json: { input: { until: flag, label: 'left alone' } },
      signal: leaving.signal,
    })
    const id = await until('the running job', async () => {
      const { json } = await service.call('GET /jobs?view=native&status=running&processor=wait')
      return json.jobs[0]?.job_id as string | undefined
    })
    leaving.abort()
    await expect(gone).rejects.toThrow()
    writeFileSync(flag, '')
    expect(await service.ended(id)).toMatchObject({
      status: 'completed',
      result: { label: 'left alone' },
    })
  })
})

describe('POST …/jobs', () => {
  it('answers 201 with a job that can be found', async () => {
    const { status, json, headers } = await service.call('POST /processors/shout/jobs', {
      json: { input: { text: 'a' }, priority: 1, max_attempts: 3, timeout_seconds: 60, other: 1 },
    })
    expect(status).toBe(201)
    expect(jobView.strict().parse(json)).toMatchObject({ priority: 1, max_attempts: 3 })
    expect(headers.get('location')).toBe(`/jobs/${json.job_id}`)
    expect(
      (await service.call(headers.get('location') ? `GET ${headers.get('location')}` : '')).status,
    ).toBe(200)
    expect((await service.ended(String(json.job_id))).result).toEqual({ text: 'A' })
  })

  it('takes its options from the URL where the body is a form', async () => {
    const { status, json } = await service.call(
      'POST /processors/shout/jobs?priority=3&max_attempts=2',
      {
        form: { text: 'a', times: '2' },
      },
    )
    expect([status, json.priority, json.max_attempts]).toEqual([201, 3, 2])
  })

  it('takes a form without files as text', async () => {
    const { json } = await service.call('POST /processors/shout/run', {
      body: 'text=a+b&times=2',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(json.result).toEqual({ text: 'A BA B' })
  })

  it('takes several files of one field, in their order', async () => {
    const { status, json } = await service.call('POST /processors/gather/run', {
      form: {
        files: [
          ['b.txt', 'B'],
          ['a.txt', 'A'],
        ],
        note: 'two',
      },
    })
    expect(status).toBe(200)
    expect(json.result).toEqual({ names: ['b.txt', 'a.txt'], note: 'two' })
    expect(jobView.parse(json).outputs.map(({ name }) => name)).toEqual([
      'copies/0-b.txt',
      'copies/1-a.txt',
    ])
  })

  it('takes files that were uploaded before', async () => {
    const bytes = randomBytes(100_000)
    const started = await service.call('POST /uploads', {
      json: { filename: 'big.bin', size_bytes: bytes.length },
    })
    expect(started.status).toBe(201)
    const { upload_id, part_urls } = started.json
    expect(
      (
        await service.call('POST /processors/head/jobs', {
          json: { input: { source: { upload_id } } },
        })
      ).json.code,
    ).toBe('upload-incomplete')
    await fetch(part_urls[0].url as string, { method: 'PUT', body: new Uint8Array(bytes) })
    await service.call(`POST /uploads/${upload_id}/complete`)
    const run = await service.call('POST /processors/head/run', {
      json: { input: { source: { upload_id }, bytes: 0 } },
    })
    expect(run.status).toBe(200)
    const byUri = await service.call('POST /processors/gather/run', {
      json: { input: { files: [started.json.uri, { uri: started.json.uri, name: 'again.bin' }] } },
    })
    expect(byUri.json.result.names).toEqual(['big.bin', 'again.bin'])
    expect(byUri.json.outputs[1].sha256).toBe(sha256(bytes))
  })

  it('takes files below an allowed folder, and no others', async () => {
    const inside = pathToFileURL(path.join(import.meta.dirname, 'fixtures/http-processors.ts'))
    const run = await service.call('POST /processors/head/run', {
      json: { input: { source: { uri: inside.href }, bytes: 6 } },
    })
    expect([run.status, run.text]).toEqual([200, 'import'])
    const out = (uri: string) =>
      service.call('POST /processors/head/jobs', { json: { input: { source: { uri } } } })
    const escaping = path.join(service.folder, 'allowed')
    mkdirSync(escaping)
    symlinkSync('/etc', path.join(escaping, 'link'))
    for (const uri of [
      'file:///etc/passwd',
      `${inside.href}/../../../../../../../../etc/passwd`,
      'file://host/x',
    ])
      expect([400, 403]).toContain((await out(uri)).status)
    for (const [uri, code] of [
      ['http://localhost/cat.png', 'outbound-refused'],
      ['ftp://example.org/cat.png', 'invalid-uri'],
      ['s3://other-bucket/x', 'invalid-uri'],
      [`s3://${service.app.services.config.bucket}/nothing`, 'object-not-found'],
      ['cat.png', 'invalid-uri'],
    ])
      expect([(await out(uri ?? '')).json.code, uri]).toEqual([code, uri])
  })

  it('implies the only processor at the root, and else asks for a name', async () => {
    const unnamed = await service.call('POST /jobs', { json: { input: { text: 'a' } } })
    expect([unnamed.status, unnamed.json.code]).toEqual([400, 'processor-required'])
    expect(unnamed.json.detail).toContain('shout, head, gather, fail, wait')
    for (const [where, body] of [
      ['/jobs?processor=shout', {}],
      ['/jobs', { processor: 'shout' }],
    ] as const) {
      const { status, json } = await service.call(`POST ${where}`, {
        json: { input: { text: 'a' }, ...body },
      })
      expect([status, json.processor]).toEqual([201, 'shout'])
    }
  })
})

describe('what is wrong with an input', () => {
  const refused: [string, string, object, string[]][] = [
    ['a missing field', 'shout', { json: { input: {} } }, ['/input/text']],
    [
      'everything at once',
      'shout',
      { json: { input: { text: 5, times: 10 } } },
      ['/input/text', '/input/times'],
    ],
    ['no input at all', 'shout', { json: { text: 'a' } }, []],
    ['a list for a body', 'shout', { json: [] }, ['']],
    ['text for a file', 'head', { form: { source: 'cat.png' } }, ['/source']],
    [
      'text that pretends to be a stored file',
      'gather',
      { form: { files: '[{"uri":"s3://stateful-microservice/x","name":"x"}]' } },
      ['/files'],
    ],
    ['a file for a text', 'shout', { form: { text: [['a.txt', 'x']] } }, ['/text']],
    [
      'two files for one',
      'head',
      {
        form: {
          source: [
            ['a', 'x'],
            ['b', 'y'],
          ],
        },
      },
      ['/source'],
    ],
    ['a missing file', 'head', { form: { bytes: '3' } }, ['/source']],
    ['a number that is none', 'shout', { form: { text: 'a', times: 'many' } }, ['/times']],
    [
      'a file reference that is none',
      'head',
      { json: { input: { source: { path: '/etc/passwd' } } } },
      ['/input/source'],
    ],
    [
      'options out of range',
      'shout',
      { json: { input: { text: 'a' }, priority: 9 } },
      ['/priority'],
    ],
  ]
  it.each(refused)('%s', async (_what, processor, call, pointers) => {
    const { status, json } = await service.call(`POST /processors/${processor}/run`, call)
    expect([status, json.code]).toEqual(
      pointers.length ? [422, 'invalid-request'] : [400, 'manifest-required'],
    )
    if (pointers.length)
      expect(problemDocument.parse(json).errors?.map(({ pointer }) => pointer)).toEqual(pointers)
  })

  it('stores nothing: no job, no file', async () => {
    const before = (await service.call('GET /jobs?view=native')).json.total
    const files = await stored()
    await service.call('POST /processors/gather/run', {
      form: { files: [['a.txt', 'A']], other: [['b.txt', 'B']] },
    })
    await service.call('POST /processors/head/run', { form: { source: [['a', 'x']], bytes: '-1' } })
    expect((await service.call('GET /jobs?view=native')).json.total).toBe(before)
    expect(await stored()).toEqual(files)
  })
})

describe('a form with files', () => {
  it.each([
    ['../../x', 'x'],
    ['/etc/passwd', 'passwd'],
    ['..\\..\\y', 'y'],
  ])('calls %s by its last name only', async (name, plain) => {
    const { json } = await service.call('POST /processors/gather/run', {
      form: { files: [[name, 'A']] },
    })
    expect(json.result.names).toEqual([plain])
  })

  it.each([['..'], ['x'.repeat(5000)]])('refuses the name %s', async (name) => {
    const { status, json } = await service.call('POST /processors/gather/run', {
      form: { files: [[name, 'A']] },
    })
    expect([status, json.code]).toEqual([400, 'invalid-file-name'])
  })

  it('refuses two files of one name', async () => {
    const { status, json } = await service.call('POST /processors/gather/run', {
      form: {
        files: [
          ['a.txt', 'A'],
          ['a.txt', 'B'],
        ],
      },
    })
    expect([status, json.code]).toEqual([400, 'duplicate-file-name'])
  })

  it('that is too large is 413, prints what to do, and leaves nothing', async () => {
    const files = await stored()
    const half = 'x'.repeat(maxInlineBytes / 2 + 1)
    for (const form of [
      { files: [['a', half + half]] },
      {
        files: [
          ['a', half],
          ['b', half],
        ],
      },
    ] as const) {
      const { status, json } = await service.call('POST /processors/gather/jobs', {
        form: form as never,
      })
      expect([status, json.code]).toEqual([413, 'body-too-large'])
      expect(json.detail).toContain('longhaul submit gather files=@FILE')
      expect(json.detail).toContain(`${service.url}/uploads`)
    }
    expect(await stored()).toEqual(files)
  })

  it('that stops in the middle leaves nothing and takes no other request with it', async () => {
    // A store elsewhere shows nothing of a part that is still coming.
    const local = service.app.services.config.s3 === undefined
    const files = local ? everyFile() : await stored()
    const { port } = new URL(service.url)
    const socket = connect(Number(port), '127.0.0.1')
    const head = '--b\r\nContent-Disposition: form-data; name="source"; filename="cut.bin"\r\n\r\n'
    socket.write(
      `POST /processors/head/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n${head}${'x'.repeat(100_000)}`,
    )
    if (local) await until('the file to arrive', () => everyFile().length > files.length)
    socket.destroy()
    await until(
      'nothing to be left',
      async () => (local ? everyFile() : await stored()).length <= files.length,
    )
    const { json } = await service.call(
      'GET /jobs?view=native&processor=head&status=queued,running',
    )
    expect(json.jobs).toEqual([])
    expect((await service.call('GET /health')).status).toBe(200)
  })
})

describe('an idempotency key', () => {
  const send = (key: string, json: object) =>
    service.call('POST /processors/shout/jobs', { json, headers: { 'idempotency-key': key } })

  it('gives the same job for the same body, whatever the order of its fields', async () => {
    const first = await send('k1', { input: { text: 'a', times: 2 } })
    const again = await send('k1', { input: { times: 2, text: 'a' } })
    expect([first.status, again.status]).toEqual([201, 200])
    expect(again.json.job_id).toBe(first.json.job_id)
    const field = await service.call('POST /processors/shout/jobs', {
      json: { input: { text: 'a', times: 2 }, idempotency_key: 'k1' },
    })
    expect(field.json.job_id).toBe(first.json.job_id)
  })

  it('refuses another body', async () => {
    const first = await send('k2', { input: { text: 'a' } })
    const other = await send('k2', { input: { text: 'b' } })
    expect([other.status, other.json.code]).toEqual([409, 'idempotency-conflict'])
    expect(other.json.job_id).toBe(first.json.job_id)
  })

  it('is not spent by a request that was refused', async () => {
    expect((await send('k3', { input: {} })).status).toBe(422)
    expect((await send('k3', { input: { text: 'a' } })).status).toBe(201)
  })

  it('knows a form by the content of its files, and keeps the files once', async () => {
    const form = (bytes: string) => ({
      form: { source: [['a.bin', bytes]] as [string, string][] },
      headers: { 'idempotency-key': 'k4' },
    })
    const first = await service.call('POST /processors/head/jobs', form('same'))
    const files = await stored('datasets')
    const again = await service.call('POST /processors/head/jobs', form('same'))
    expect([again.status, again.json.job_id]).toEqual([200, first.json.job_id])
    expect((await service.call('POST /processors/head/jobs', form('else'))).status).toBe(409)
    expect((await stored('datasets')).length).toBeLessThanOrEqual(files.length)
    expect((await service.ended(String(first.json.job_id))).status).toBe('completed')
  })

  it('makes one job of many requests at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send('k5', { input: { text: 'a' } })),
    )
    expect(new Set(answers.map(({ json }) => json.job_id as string)).size).toBe(1)
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  })
})
