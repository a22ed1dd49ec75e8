import { isFinished, type JobView } from '@longhaul/protocol'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKeys, type Keys } from '../src/keys/index.ts'
import { startHttpService, type Call, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
let keys: Keys
beforeAll(async () => {
  service = await startHttpService()
  keys = createKeys(service.app.services.database)
})
afterAll(() => service.stop())

describe('without any key', () => {
  it('this machine is the owner `local`', async () => {
    const { json } = await service.call('POST /processors/shout/jobs', {
      json: { input: { text: 'a' } },
    })
    expect(json.owner).toBe('local')
  })

  it('a page of another site cannot use it through a browser here', async () => {
    const json = { input: { text: 'a' } }
    const cross = { headers: { 'sec-fetch-site': 'cross-site' } }
    const post = await service.call('POST /processors/shout/jobs', { json, ...cross })
    expect([post.status, post.json.code]).toEqual([403, 'forbidden'])
    const same = { headers: { 'sec-fetch-site': 'same-origin' } }
    expect((await service.call('POST /processors/shout/jobs', { json, ...same })).status).toBe(201)
  })

  it('nor can one whose name was made to point here', async () => {
    const answer = await service.app.inject({
      url: '/jobs',
      headers: { host: 'evil.example:8000' },
    })
    expect(answer.statusCode).toBe(403)
    expect(
      (await service.app.inject({ url: '/jobs', headers: { host: '[::1]:8000' } })).statusCode,
    ).toBe(200)
  })

  it('an address that others can reach is refused, in words that help', async () => {
    const other = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.internal === false && one.family === 'IPv4')
    for (const host of ['0.0.0.0', '::', other?.address ?? '192.0.2.1'])
      await expect(service.app.listen({ host, port: 0 })).rejects.toThrow(/longhaul keys create/)
  })
})

describe('with keys', () => {
  let as: (owner: string) => Call
  beforeAll(async () => {
    const tokens = new Map<string, string>()
    for (const owner of ['ana', 'ben', 'eve', 'root']) {
      const scopes =
        owner === 'eve'
          ? ['read' as const]
          : owner === 'root'
            ? ['admin' as const]
            : ['submit' as const]
      tokens.set(owner, (await keys.create({ owner, scopes })).token)
    }
    as = (owner) => ({ headers: { authorization: `Bearer ${tokens.get(owner)}` } })
  })

  it('one is needed, except for health and documentation', async () => {
    for (const path of ['/jobs', '/processors', '/metrics', '/jobs/x']) {
      const { status, json, headers } = await service.call(`GET ${path}`)
      expect([path, status, json.code]).toEqual([path, 401, 'unauthorized'])
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    const wrong = await service.call('GET /jobs', { headers: { authorization: 'Bearer lh_x' } })
    expect(wrong.status).toBe(401)
    for (const path of [
      '/',
      '/health',
      '/health/live',
      '/health/ready',
      '/openapi.json',
      '/docs',
      '/redoc',
    ])
      expect([path, (await service.call(`GET ${path}`)).status]).toEqual([path, 200])
  })

  it('a key does what its scope allows', async () => {
    expect((await service.call('GET /jobs', as('eve'))).status).toBe(200)
    const { status, json } = await service.call('POST /processors/shout/jobs', {
      json: { input: { text: 'a' } },
      ...as('eve'),
    })
    expect([status, json.code]).toEqual([403, 'forbidden'])
    expect(json.detail).toContain('submit')
  })

  it("[A.8.13] others' jobs are not there, whatever one tries", async () => {
    const made = await service.call('POST /processors/head/jobs', {
      form: { source: [['a.txt', 'secret']] },
      ...as('ana'),
    })
    const id = made.json.job_id as string
    expect(made.json.owner).toBe('ana')
    const at = `/jobs/${id}`
    for (const what of [
      `GET ${at}`,
      `GET ${at}/outputs`,
      `GET ${at}/outputs/head`,
      `GET ${at}/logs`,
      `GET ${at}/events`,
      `GET ${at}/result`,
      `POST ${at}/cancel`,
      `POST ${at}/retry`,
    ]) {
      const { status, json } = await service.call(what, as('ben'))
      expect([what, status, json.code]).toEqual([what, 404, 'job-not-found'])
    }
    expect((await service.call('GET /jobs', as('ben'))).json).toEqual([])
    expect((await service.call('GET /jobs?view=native', as('ben'))).json.total).toBe(0)
    expect((await service.call(`GET ${at}`, as('ana'))).status).toBe(200)
    expect((await service.call(`GET ${at}`, as('root'))).status).toBe(200)

    const uri = `s3://${service.app.services.config.bucket}/datasets/${id}/source/a.txt`
    const steal = (owner: string) =>
      service.call('POST /processors/head/jobs', {
        json: { input: { source: { uri } } },
        ...as(owner),
      })
    expect((await steal('ben')).json.code).toBe('object-not-found')
    expect((await steal('ana')).status).toBe(201)

    // A manifest is read when the job runs; it opens no side door.
    const byManifest = async (owner: string) => {
      const { json } = await service.call('POST /processors/gather/jobs', {
        json: { manifest_inline: { files: [uri] } },
        ...as(owner),
      })
      const at = `GET /jobs/${json.job_id as string}?view=native`
      return until('its end', async () => {
        const job = (await service.call(at, as(owner))).json as JobView
        return isFinished(job.status) ? job : undefined
      })
    }
    expect((await byManifest('ben')).problem?.code).toBe('object-not-found')
    expect((await byManifest('ana')).status).toBe('completed')
  })

  it("others' uploads are not there either", async () => {
    const started = await service.call('POST /uploads', {
      json: { filename: 'a.bin', size_bytes: 5 },
      ...as('ana'),
    })
    const id = started.json.upload_id as string
    expect((await service.call(`GET /uploads/${id}`, as('ben'))).status).toBe(404)
    expect((await service.call(`POST /uploads/${id}/complete`, as('ben'))).status).toBe(404)
    // The signed URL is the permission, so no key goes with it.
    const put = await fetch(started.json.part_urls[0].url as string, {
      method: 'PUT',
      body: 'bytes',
    })
    expect(put.status).toBe(200)
    expect((await service.call(`POST /uploads/${id}/complete`, as('ana'))).status).toBe(200)
    const source = { source: { upload_id: id } }
    const used = await service.call('POST /processors/head/jobs', {
      json: { input: source },
      ...as('ben'),
    })
    expect([used.status, used.json.code]).toEqual([404, 'upload-not-found'])
  })

  it('two owners may use the same idempotency key', async () => {
    const send = (owner: string) =>
      service.call('POST /processors/shout/jobs', {
        json: { input: { text: 'a' } },
        headers: { ...as(owner).headers, 'idempotency-key': 'same' },
      })
    expect((await send('ana')).json.job_id).not.toBe((await send('ben')).json.job_id)
  })

  it('a revoked key ends at once', async () => {
    const { id, token } = await keys.create({ owner: 'zoe' })
    const call = { headers: { authorization: `Bearer ${token}` } }
    expect((await service.call('GET /jobs', call)).status).toBe(200)
    await keys.revoke(id)
    expect((await service.call('GET /jobs', call)).status).toBe(401)
  })
})

it('`open` lets everybody in, also where keys exist', async () => {
  const open = await startHttpService({ open: true })
  try {
    await createKeys(open.app.services.database).create({ owner: 'ana' })
    expect((await open.call('GET /jobs')).status).toBe(200)
  } finally {
    await open.stop()
  }
})
