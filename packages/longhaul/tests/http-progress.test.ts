import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { until } from './harness/until.ts'

let service: HttpService
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-processor.ts')])
})
afterAll(() => service.stop())

const flagFile = () => path.join(service.folder, `flag-${randomBytes(4).toString('hex')}`)
async function submit(orders: object): Promise<string> {
  const files: [string, string][] = [['orders.json', JSON.stringify(orders)]]
  return String(
    (await service.call('POST /processors/count/jobs', { form: { files } })).json.job_id,
  )
}

interface Watched {
  readonly messages: { status: string; progress: { message?: string } | null }[]
  readonly socket: WebSocket
  readonly closed: Promise<number>
}
function watch(id: string, base = ''): Watched {
  const url = new URL(`${base}/jobs/${id}/progress`, service.url.replace('http', 'ws'))
  const socket = new WebSocket(url)
  const messages: Watched['messages'] = []
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)) as Watched['messages'][number])
  })
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code))
  })
  return { messages, socket, closed }
}

describe('WS /jobs/{id}/progress', () => {
  it.each(['', '/processors/count'])(
    '[A.2] tells of a job until its end, below %j',
    async (base) => {
      const flag = flagFile()
      const id = await submit({ wait_for: flag, say: 'hello' })
      const { messages, closed } = watch(id, base)
      await until('its progress', () =>
        messages.some(({ progress }) => progress?.message === 'hello'),
      )
      writeFileSync(flag, '')
      expect(await closed).toBe(1000)
      expect(messages.at(-1)).toEqual((await service.call(`GET /jobs/${id}`)).json)
      const again = watch(id, base)
      expect(await again.closed).toBe(1000)
      expect(again.messages.map(({ status }) => status)).toEqual(['completed'])
    },
  )

  it('closes with 1008 for a job that is not there', async () => {
    const { messages, closed } = watch('j_nothing')
    expect(await closed).toBe(1008)
    expect(messages).toEqual([])
  })

  it('is refused to pages of other sites, and to who speaks no WebSocket', async () => {
    const id = await submit({})
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      origin: 'https://elsewhere.example',
    }
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const handshake = request(new URL(`/jobs/${id}/progress`, service.url), { headers })
      handshake.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      handshake.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(response.statusCode)
      })
      handshake.on('error', reject)
      handshake.end()
    })
    expect(status).toBe(403)
    const plain = await service.call(`GET /jobs/${id}/progress`)
    expect([plain.status, plain.json.code]).toEqual([426, 'upgrade-required'])
  })

  it('ends for everybody when the service stops', async () => {
    const other = await startHttpService({}, [fixture('compat-processor.ts')])
    const form = {
      files: [['orders.json', '{"wait_for":"/nowhere/at/all"}']] as [string, string][],
    }
    const { json } = await other.call('POST /processors/count/jobs', { form })
    const url = new URL(`/jobs/${json.job_id}/progress`, other.url.replace('http', 'ws'))
    const socket = new WebSocket(url)
    await new Promise((resolve) => socket.addEventListener('message', resolve))
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
    await other.stop()
    await closed
  })
})

describe('GET /events', () => {
  const read = async (search: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${service.url}/events?${search}`, { headers })
    const text = await response.text()
    const frames = text.split('\n\n').flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const id = field('id')
      if (id === undefined) return []
      return [{ id, ...(JSON.parse(field('data') ?? '') as { job_id: string; type: string }) }]
    })
    return { status: response.status, frames }
  }

  it('tells of several jobs in one stream, and continues all of them', async () => {
    const flag = flagFile()
    const jobs = [await submit({}), await submit({ wait_for: flag }), await submit({ fail: 'x' })]
    const all = read(`jobs=${jobs.join(',')}`)
    await service.ended(jobs[0] ?? '')
    writeFileSync(flag, '')
    const { frames } = await all
    for (const id of jobs) {
      const types = frames.filter(({ job_id }) => job_id === id).map(({ type }) => type)
      expect(types[0]).toBe('queued')
      expect(types.at(-1)).toBe(id === jobs[2] ? 'failed' : 'completed')
    }
    const middle = Math.floor(frames.length / 2)
    const rest = await read(`jobs=${jobs.join(',')}`, { 'last-event-id': frames[middle]?.id ?? '' })
    const key = ({ job_id, type }: { job_id: string; type: string }) => `${job_id} ${type}`
    expect(rest.frames.map(key).sort()).toEqual(
      frames
        .slice(middle + 1)
        .map(key)
        .sort(),
    )
    const over = await read(`jobs=${jobs.join(',')}&after=${frames.at(-1)?.id}`)
    expect(over.status).toBe(204)
  })

  it.each([
    ['jobs=', 400],
    ['', 422],
    ['jobs=j_nothing', 404],
    [`jobs=${Array.from({ length: 201 }, (_, n) => `j_${n}`).join(',')}`, 400],
  ])('of %s is %d', async (search, status) => {
    expect((await service.call(`GET /events?${search}`)).status).toBe(status)
  })
})
