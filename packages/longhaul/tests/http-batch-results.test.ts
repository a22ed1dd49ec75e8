/** What comes out of a batch: told while it runs and at its end, taken from earlier, fetched as one file. */
import { createClient, type BatchUpdate } from '@longhaul/client'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import tar from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchCalls } from './harness/batch-calls.ts'
import { processorsFile, startHttpService, type HttpService } from './harness/http-service.ts'
import { startReceiver, type Receiver } from './harness/receiver.ts'
import { until } from './harness/until.ts'

let service: HttpService
/** Somebody else's server: takes callbacks. */
let other: Receiver
beforeAll(async () => {
  other = await startReceiver()
  service = await startHttpService({
    outboundAllow: [`127.0.0.1:${other.port}`],
  })
})
afterAll(async () => {
  await service?.stop()
  await other?.stop()
})

const { read, uriOf, put, create, ended, itemsOf, flagFile } = batchCalls(() => service)

describe('a batch that is followed to its end', () => {
  it('tells counts, every item and the end once, goes on after a position, and calls back', async () => {
    other.answer = () => ({ status: 200 })
    const flag = flagFile()
    const items = [
      { input: { until: flag, label: 'late' } },
      ...Array.from({ length: 5 }, () => ({ input: { until: processorsFile } })),
    ]
    const batch = await create('wait', {
      items,
      tags: ['run=7'],
      callback_url: `${other.url}/batch-done`,
    })
    const { batch_id: id } = batch
    await until('five', async () => (await read(id)).counts.completed === 5)
    expect(other.received.filter((one) => one.path === '/batch-done')).toEqual([])
    const running = await service.call(`DELETE /batches/${id}`)
    expect([running.status, running.json.code]).toEqual([409, 'batch-not-finished'])

    const client = createClient({ url: service.url })
    const seen = (async () => {
      const told: BatchUpdate[] = []
      for await (const update of client.batches.follow(id)) told.push(update)
      return told
    })()
    const following = framesOf(id)
    writeFileSync(flag, '')
    const frames = await following
    const told = frames.filter(({ event }) => event === 'item')
    expect(new Set(told.map(({ data }) => Number(data.item)))).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(told.at(-1)?.data).toMatchObject({
      item: 1,
      status: 'completed',
      result: { label: 'late' },
    })
    expect(frames.at(-1)).toMatchObject({ event: 'end', data: { status: 'completed' } })
    const after = await framesOf(id, { 'last-event-id': told.at(-2)?.id ?? '' })
    expect(after.filter(({ event }) => event === 'item').at(-1)?.data.item).toBe(1)
    const updates = await seen
    expect(new Set(updates.flatMap(({ item }) => item?.item ?? []))).toEqual(
      new Set([1, 2, 3, 4, 5, 6]),
    )
    expect(updates.at(-1)?.batch?.status).toBe('completed')
    const over = await service.call(`GET /batches/${id}/events`, {
      headers: { 'last-event-id': frames.at(-1)?.id ?? '' },
    })
    expect(over.status).toBe(204)

    const [said] = await other.at('/batch-done')
    expect(said?.json).toMatchObject({ type: 'batch.completed', batch_id: id, status: 'completed' })
    expect(said?.headers['webhook-id']).toBe(`${id}.1`)
    expect(said?.headers['webhook-signature']).toMatch(/^v1,/)
    await until('the delivery in the log', async () => {
      const { json } = await service.call(`GET /batches/${id}/callbacks`)
      return json.callbacks[0].status === 'delivered'
    })

    const query = `view=native&tag=${encodeURIComponent('run=7')}`
    const found = (await service.call(`GET /jobs?${query}`)).json
    expect([found.total, found.jobs[0].tags]).toEqual([6, ['run=7']])
    expect((await service.call(`GET /jobs?${query}&status=failed`)).json.total).toBe(0)

    await client.batches.remove(id)
    expect((await service.call(`GET /batches/${id}`)).status).toBe(404)
    await until('its jobs to be gone', async () => {
      const { json } = await service.call(`GET /jobs?${query}`)
      return json.total === 0
    })
  })

  it('tells the end after a retry too', async () => {
    const { batch_id: id } = await create('fail', {
      items: [{ input: { how: 'permanent' } }],
      callback_url: `${other.url}/twice`,
    })
    await ended(id)
    await other.at('/twice')
    await service.call(`POST /batches/${id}/retry`, { json: {} })
    const told = await other.at('/twice', 2)
    expect(told.map(({ json, headers }) => [String(json.type), headers['webhook-id']])).toEqual([
      ['batch.failed', `${id}.1`],
      ['batch.failed', `${id}.2`],
    ])
  })

  /** Until the stream ends. */
  async function framesOf(id: string, headers: Record<string, string> = {}) {
    const { text } = await service.call(`GET /batches/${id}/events`, { headers })
    return text.split('\n\n').flatMap((frame) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1]
      const [event, data] = [field('event'), field('data')]
      if (event === undefined || data === undefined) return []
      return [{ event, id: field('id'), data: JSON.parse(data) }]
    })
  }
})

describe('results that are there already', () => {
  it('stand for items whose files are the same, unless the batch is to be made anew', async () => {
    const items = [await put('reuse/one/a.txt', 'the same bytes')]
    const make = async (reuse: boolean | undefined, more: readonly string[] = []) => {
      const { batch_id: id } = await create('head', { items: [...items, ...more], reuse })
      await ended(id)
      const [item] = await itemsOf(id)
      const { json } = await service.call(`GET /jobs/${item?.job_id}/provenance`)
      return { item, from: json.reused_from as string | undefined }
    }
    const first = await make(true)
    expect([first.item?.status, first.from]).toEqual(['completed', undefined])
    const second = await make(true, [await put('reuse/two/b.txt', 'other bytes')])
    expect(second.from).toBe(first.item?.job_id)
    expect(second.item?.outputs[0]?.sha256).toBe(first.item?.outputs[0]?.sha256)
    const named = (result: unknown, id = '') => JSON.stringify(result).replaceAll(id, 'ID')
    expect(named(second.item?.result, second.item?.job_id ?? '')).toBe(
      named(first.item?.result, first.item?.job_id ?? ''),
    )
    expect((await make(false)).from).toBeUndefined()
    expect((await make(undefined)).from).toBeUndefined()
    // What it is a copy of may go.
    expect((await service.call(`DELETE /jobs/${first.item?.job_id}`)).status).toBe(204)
    const bytes = await service.call(`GET ${second.item?.outputs[0]?.url}`)
    expect([bytes.status, bytes.text]).toEqual([200, 'the s'])
  })
})

describe('all outputs at once', () => {
  let id: string
  const names = ['z/größe.txt', 'z/plain.txt', `${'long/'.repeat(15)}${'n'.repeat(150)}.txt`]
  beforeAll(async () => {
    const uris = await Promise.all(names.map((_, n) => put(`all/${n}.txt`, `text ${n}`)))
    const items = names.map((name, n) => ({ uri: uris[n]!, name }))
    id = (await create('gather', { items: [...items, uriOf('all/missing.txt')] })).batch_id
    await ended(id)
  })
  const expected = () =>
    Object.fromEntries(
      names.map((name, n) => [`${name}/copies/0-${path.basename(name)}`, `text ${n}`]),
    )

  it('come as one tar', async () => {
    const answer = await service.call(`GET /batches/${id}/outputs.tar`)
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${id}.tar"`)
    const found: Record<string, string> = {}
    for await (const entry of Readable.from([Buffer.from(answer.text)]).pipe(tar.extract())) {
      const chunks: string[] = []
      for await (const chunk of entry) chunks.push(String(chunk))
      found[entry.header.name] = chunks.join('')
    }
    expect(found).toEqual(expected())
  })

  it('come as one ZIP', async () => {
    const { headers, text } = await service.call(`GET /batches/${id}/outputs.zip`)
    expect(headers.get('content-type')).toBe('application/zip')
    // Not compressed, so that names and bytes can be seen; zip.test.ts has it read by others.
    for (const [name, content] of Object.entries(expected())) {
      expect(text).toContain(name)
      expect(text).toContain(content)
    }
    expect(text).not.toContain('missing.txt')
  })
})
