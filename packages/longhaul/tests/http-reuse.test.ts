import { jobCache, jobView } from '@longhaul/protocol'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processorsFile, startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

let service: HttpService
let folder: string
const processors = (version: string): string => `
  import { defineProcessor, file, z } from 'longhaul'
  const repeat = defineProcessor({
    name: 'repeat', input: { text: file(), times: z.int() }, output: { text: file() },
    run: async ({ input, outputs }) =>
      ({ text: await outputs.write('out.txt', (await input.text.text()).repeat(input.times)) }),
  })
  const dice = (name, reuse) => defineProcessor({
    name, reuse, version: '${version}',
    input: { sides: z.int().default(6) },
    run: ({ input }) => ({ thrown: Math.ceil(Math.random() * 1e15), sides: input.sides }),
  })
  export default [dice('always', true), dice('never', false), dice('asked'), repeat]
`
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-reuse-'))
  const file = path.join(folder, 'dice.ts')
  await writeFile(file, processors('1.0'))
  service = await startHttpService({}, [processorsFile, file])
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Submits as JSON, waits for the end, and answers how it was answered. */
async function submit(processor: string, input: object, options: object = {}) {
  const json = { input, ...options }
  const answer = await service.call(`POST /processors/${processor}/jobs`, { json })
  const job = jobView.strict().parse(answer.json)
  const ended = await service.ended(job.job_id)
  return { ...answer, id: job.job_id, reused: job.reused, ended }
}
async function cacheOf(id: string) {
  const { status, json } = await service.call(`GET /jobs/${id}/cache`)
  expect(status).toBe(200)
  return jobCache.strict().parse(json)
}

describe('a result that is there already', () => {
  it('answers the same request, and says so', async () => {
    const first = await submit('asked', { sides: 20 }, { reuse: true })
    expect([first.status, first.reused]).toEqual([201, undefined])
    const again = await submit('asked', { sides: 20 }, { reuse: true })
    expect([again.status, again.id, again.reused]).toEqual([200, first.id, true])
    expect(again.headers.get('longhaul-reused')).toBe('true')
    expect(again.json).toMatchObject({ status: 'completed', result: first.ended.result })
    expect((await cacheOf(first.id)).reused).toMatchObject({
      count: 1,
      last_at: expect.any(String),
    })
  })

  it('stands for a request that says its defaults, or was sent as a form', async () => {
    const { id } = await submit('asked', {}, { reuse: true })
    expect((await submit('asked', { sides: 6 }, { reuse: true })).id).toBe(id)
    const form = { sides: '6' }
    const answer = await service.call('POST /processors/asked/jobs?reuse=true', { form })
    expect(answer.json).toMatchObject({ job_id: id, reused: true })
  })

  it('is made anew where nobody asks for it, or the request forbids it', async () => {
    const { id } = await submit('asked', { sides: 8 })
    const unasked = await submit('asked', { sides: 8 })
    const forced = await submit('asked', { sides: 8 }, { reuse: false })
    expect(new Set([id, unasked.id, forced.id]).size).toBe(3)
    // Of several the newest counts.
    expect((await submit('asked', { sides: 8 }, { reuse: true })).id).toBe(forced.id)
  })

  it("follows the processor's own word where the request has none", async () => {
    const first = await submit('always', {})
    expect((await submit('always', {})).id).toBe(first.id)
    expect((await submit('always', {}, { reuse: false })).id).not.toBe(first.id)
    const never = await submit('never', {}, { reuse: true })
    expect((await submit('never', {}, { reuse: true })).id).not.toBe(never.id)
  })

  it('is the bytes at once on /run, by the content of the files', async () => {
    const run = (text: string, name = 'a.txt') =>
      service.call('POST /processors/head/run?reuse=true', {
        form: { source: [[name, text]], bytes: '4' },
      })
    const first = await run('reused')
    const again = await run('reused')
    expect([again.status, again.text]).toEqual([200, 'reus'])
    expect(again.headers.get('longhaul-reused')).toBe('true')
    expect(again.headers.get('longhaul-job-id')).toBe(first.headers.get('longhaul-job-id'))
    // The form's own copy of the file belongs to no job.
    const { objects } = await service.app.services.storage.list('datasets/', { limit: 1000 })
    const id = first.headers.get('longhaul-job-id')
    expect(objects.filter(({ key }) => key.endsWith('/a.txt'))).toMatchObject([
      { key: `datasets/${id}/source/a.txt` },
    ])
    expect((await run('reused', 'b.txt')).headers.get('longhaul-reused')).toBeNull()
    expect((await run('other')).headers.get('longhaul-reused')).toBeNull()
  })

  it('is found by the digest that a client says of a file the store has under another key', async () => {
    const { storage } = service.app.services
    const reference = async (key: string, text: string) => {
      await storage.put(key, Buffer.from(text))
      return { uri: `s3://${storage.bucket}/${key}`, name: 'same.txt', sha256: sha256(text) }
    }
    const one = await submit(
      'head',
      { source: await reference('in/1.txt', 'told') },
      { reuse: true },
    )
    const two = await submit(
      'head',
      { source: await reference('in/2.txt', 'told') },
      { reuse: true },
    )
    expect(two.id).toBe(one.id)
    const wrong = { ...(await reference('in/3.txt', 'else')), sha256: sha256('wrong') }
    const answer = await service.call('POST /processors/head/jobs', {
      json: { input: { source: wrong } },
    })
    // Refused at once where the store knows the digest, else when the job reads the file.
    if (answer.status === 201)
      expect((await service.ended(answer.json.job_id as string)).problem?.code).toBe(
        'checksum-mismatch',
      )
    else expect(answer.json.code).toBe('checksum-mismatch')
  })

  it('is nothing to others', async () => {
    const { engine, runners } = service.app.services
    const { version } = runners.get('asked')!.description
    const { id } = await submit('asked', { sides: 100 }, { reuse: true })
    // The same job of another owner, as if it had been submitted with a key.
    const [mine] = await engine.get([id], 'everyone')
    await engine.submit([
      {
        ...{ id: 'j_other', queue: 'asked', processor: 'asked', version, kind: 'processor' },
        owner: 'ana',
        params: mine!.params,
      },
    ])
    await until('its end', async () => {
      const [other] = await engine.get(['j_other'], 'everyone')
      return other?.state === 'completed'
    })
    expect((await submit('asked', { sides: 100 }, { reuse: true })).id).toBe(id)
  })

  it('is no result when it failed, was cancelled, or has lost an output', async () => {
    const failed = await submit('fail', { how: 'permanent' }, { reuse: true })
    expect((await submit('fail', { how: 'permanent' }, { reuse: true })).id).not.toBe(failed.id)

    const input = { files: [], note: 'lost' }
    const run = () =>
      service.call('POST /processors/gather/run?reuse=true', {
        form: { files: [['x.txt', 'x']], note: input.note },
      })
    const first = await run()
    const { id, outputs } = { id: first.json.job_id as string, ...first.json }
    const key = `results/${id}/${outputs[0].name}`
    await service.app.services.storage.delete([key])
    const again = await run()
    expect(again.json.job_id).not.toBe(id)
    expect(await cacheOf(again.json.job_id as string)).toMatchObject({ outcome: 'outputs-gone' })
  })

  it('gives way to an idempotency key that was used before', async () => {
    const input = { sides: 30 }
    const keyed = await submit('asked', input, { idempotency_key: 'mine' })
    const newer = await submit('asked', input, { reuse: false })
    const again = { reuse: true, idempotency_key: 'mine' }
    expect((await submit('asked', input, again)).id).toBe(keyed.id)
    const other = { reuse: true, idempotency_key: 'another' }
    expect((await submit('asked', input, other)).id).toBe(newer.id)
    const conflict = await service.call('POST /processors/asked/jobs', {
      json: { input: { sides: 31 }, ...again },
    })
    expect(conflict.json.code).toBe('idempotency-conflict')
  })

  it('is what is under way, until it is there', async () => {
    const gate = path.join(folder, 'gate')
    const input = { until: gate, label: 'same' }
    const json = { input, reuse: true }
    const first = await service.call('POST /processors/wait/jobs', { json })
    const again = await service.call('POST /processors/wait/jobs', { json })
    expect(again.json).toMatchObject({ job_id: first.json.job_id, reused: true })
    expect(again.json.status).not.toBe('completed')
    await writeFile(gate, '')
    await service.ended(first.json.job_id as string)
    expect((await submit('wait', input, { reuse: true })).id).toBe(first.json.job_id)
  })

  it('goes with its job', async () => {
    const { id } = await submit('asked', { sides: 50 }, { reuse: true })
    await service.call(`DELETE /jobs/${id}`)
    expect((await submit('asked', { sides: 50 }, { reuse: true })).id).not.toBe(id)
  })

  it('is not for jobs that are to run at a time, or after others', async () => {
    const { id } = await submit('asked', { sides: 60 }, { reuse: true })
    const options = { reuse: true, depends_on: [id] }
    expect((await submit('asked', { sides: 60 }, options)).id).not.toBe(id)
  })
})

describe('GET /jobs/{id}/cache', () => {
  it('explains a miss by the component that differs', async () => {
    const first = await submit('asked', { sides: 12 }, { reuse: true })
    const other = await submit('asked', { sides: 13 }, { reuse: true })
    expect(await cacheOf(other.id)).toMatchObject({
      outcome: 'missed',
      nearest: {
        job_id: expect.any(String),
        differences: [{ component: 'parameter', name: 'sides', here: '13' }],
      },
      reason: expect.stringContaining('the parameter sides differs'),
    })
    const run = (text: string) =>
      service.call('POST /processors/head/run?reuse=true', {
        form: { source: [['c.txt', text]], bytes: '7' },
      })
    const before = await run('one')
    const after = await run('two')
    const cache = await cacheOf(after.headers.get('longhaul-job-id') ?? '')
    expect(cache.nearest).toMatchObject({
      job_id: before.headers.get('longhaul-job-id'),
      differences: [
        {
          component: 'input',
          name: 'source',
          here: `c.txt sha256 ${sha256('two')}`,
          there: `c.txt sha256 ${sha256('one')}`,
        },
      ],
    })
    expect(cache.fingerprint).not.toBe((await cacheOf(first.id)).fingerprint)
  })

  it('explains a new version, and new code', async () => {
    const first = await submit('asked', { sides: 77 }, { reuse: true })
    const [source] = service.app.sources.filter(
      (one) => one.kind === 'file' && one.path !== processorsFile,
    )
    await writeFile(path.join(folder, 'dice.ts'), `${processors('1.1')}\n// changed`)
    expect(await service.app.reload(source!)).toMatchObject({ kind: 'reloaded' })
    const second = await submit('asked', { sides: 77 }, { reuse: true })
    expect(second.id).not.toBe(first.id)
    expect((await cacheOf(second.id)).nearest).toMatchObject({
      job_id: first.id,
      differences: [
        { component: 'version', here: '1.1', there: '1.0' },
        { component: 'code', name: null },
      ],
    })
  })

  it('says when nobody asked, and when it was forced', async () => {
    const plain = await submit('asked', { sides: 90 })
    expect(await cacheOf(plain.id)).toMatchObject({
      outcome: 'not-asked',
      nearest: expect.anything(),
    })
    const forced = await submit('asked', { sides: 90 }, { reuse: false })
    expect(await cacheOf(forced.id)).toMatchObject({
      outcome: 'forced',
      nearest: { job_id: plain.id, differences: [] },
    })
    expect((await service.call('GET /jobs/j_nobody/cache')).status).toBe(404)
  })
})

describe('provenance', () => {
  it('lies beside the outputs and tells where they came from', async () => {
    const run = await service.call('POST /processors/head/run', {
      form: { source: [['cat.txt', 'whole cat']], bytes: '5' },
    })
    const id = run.headers.get('longhaul-job-id') ?? ''
    const { status, headers, json } = await service.call(`GET /jobs/${id}/provenance`)
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    const { description } = service.app.services.runners.get('head')!
    expect(json).toMatchObject({
      v: 1,
      job_id: id,
      processor: { name: 'head', version: '1.0', code_digest: description.code_digest },
      parameters: { bytes: 5 },
      inputs: [{ field: 'source', name: 'cat.txt', size_bytes: 9, sha256: sha256('whole cat') }],
      outputs: [{ name: 'head größe.txt', size_bytes: 5, sha256: sha256('whole') }],
      attempts: [{ n: 1, ended: 'completed' }],
      host: { name: service.app.services.config.hostName },
    })
    const { storage } = service.app.services
    const { objects } = await storage.list(`results/${id}/`, { limit: 10 })
    expect(objects.map(({ key }) => key).sort()).toEqual([
      `results/${id}/head größe.txt`,
      `results/${id}/provenance.json`,
    ])
    // It is none of the outputs, and goes with them.
    expect((await service.call(`GET /jobs/${id}/outputs`)).json.outputs).toHaveLength(1)
    await service.call(`DELETE /jobs/${id}`)
    expect((await storage.list(`results/${id}/`, { limit: 10 })).objects).toEqual([])
  })

  it('is left away where the operator wants none', async () => {
    const plain = await startHttpService({ provenance: false })
    try {
      const { json } = await plain.call('POST /processors/gather/run', {
        form: { files: [['x.txt', 'x']] },
      })
      const answer = await plain.call(`GET /jobs/${json.job_id}/provenance`)
      expect([json.status, answer.status]).toEqual(['completed', 404])
    } finally {
      await plain.stop()
    }
  })

  it('is not there where there is nothing beside which it could lie', async () => {
    const { id } = await submit('asked', { sides: 3 })
    const answer = await service.call(`GET /jobs/${id}/provenance`)
    expect([answer.status, answer.json.code]).toEqual([404, 'output-not-found'])
  })
})

it('answers the lines of its page as the page says', async () => {
  const page = path.join(import.meta.dirname, '../../../docs/how-it-works/result-reuse.md')
  const [, script = ''] = /^```sh\n([^]*?)^```/m.exec(await readFile(page, 'utf8')) ?? []
  await writeFile(path.join(folder, 'a.txt'), 'ab')
  const answers: string[] = []
  for (const line of script.trim().split('\n')) {
    const command = line.replace('localhost:8000', service.url.replace('http://', ''))
    const { stdout } = await promisify(execFile)('bash', ['-c', command], { cwd: folder })
    answers.push(stdout)
  }
  const [first = '', second = '', third = ''] = answers
  expect(first).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nabab$/)
  expect(first).not.toMatch(/longhaul-reused/i)
  expect(second).toMatch(/longhaul-reused: true\r\n[^]*\r\n\r\nabab$/i)
  expect(third).toMatch(/^HTTP\/1\.1 201 /)
})
