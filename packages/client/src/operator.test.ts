import { describe, expect, it } from 'vitest'
import { createClient } from './index.ts'

interface Sent {
  readonly what: string
  readonly body: unknown
}

/** A service that answers everything with one body, and what it was asked. */
function answering(status: number, body: unknown) {
  const sent: Sent[] = []
  const client = createClient({
    url: 'http://lh.example/base',
    tries: 3,
    firstPauseMs: 1,
    fetch: async (url, { method, body: text }) => {
      const { pathname, search } = new URL(url)
      const json: unknown = typeof text === 'string' ? JSON.parse(text) : undefined
      sent.push({ what: `${method} ${pathname}${search}`, body: json })
      return Promise.resolve(
        new Response(body === undefined ? null : JSON.stringify(body), { status }),
      )
    },
  })
  return { client, sent }
}

const now = '2026-11-23T03:00:00.000Z'
const queue = {
  queue: 'a b',
  queued: 0,
  running: 0,
  retry_wait: 0,
  paused: true,
  max_running: null,
  rate_per_minute: null,
  oldest_ready_at: null,
  owners: [],
  history: null,
}

describe('the operator', () => {
  it('changes a queue by its name, whatever is in it', async () => {
    const { client, sent } = answering(200, queue)
    await client.operator.setQueue('a b', { paused: true, max_running: null })
    expect(sent).toEqual([
      { what: 'PATCH /base/queues/a%20b', body: { paused: true, max_running: null } },
    ])
  })

  it('asks how far back the history goes', async () => {
    const { client, sent } = answering(200, { queues: [queue], history_seconds: 60, now })
    expect((await client.operator.queues(60)).queues).toHaveLength(1)
    expect(sent[0]?.what).toBe('GET /base/queues?history_seconds=60')
  })

  it('drains a worker whose id has colons', async () => {
    const worker = {
      worker_id: 'h:1:2',
      host: 'h',
      pid: 1,
      version: null,
      state: 'draining',
      slots: 1,
      queues: [],
      holding: null,
      started_at: now,
      seen_at: now,
      drain_requested_at: now,
      jobs: [],
    }
    const { client, sent } = answering(202, worker)
    expect((await client.operator.drain('h:1:2')).state).toBe('draining')
    expect(sent[0]?.what).toBe('POST /base/workers/h%3A1%3A2/drain')
  })
})

it('deletes once: a second try would call the first one’s success a mistake', async () => {
  const done = answering(204, undefined)
  await done.client.remove('j_1')
  expect(done.sent).toEqual([{ what: 'DELETE /base/jobs/j_1', body: undefined }])
  const away = answering(503, { code: 'unavailable' })
  await expect(away.client.remove('j_1')).rejects.toThrow()
  expect(away.sent).toHaveLength(1)
})

it('tells why a job waited', async () => {
  const waits = { job_id: 'j_1', intervals: [], waited_ms: 0, now }
  const { client, sent } = answering(200, waits)
  expect(await client.waits('j_1')).toEqual(waits)
  expect(sent[0]?.what).toBe('GET /base/jobs/j_1/waits')
})

it('reads a job of a service that is older than the reasons to wait', async () => {
  const old = {
    job_id: 'j_1',
    processor: 'shout',
    version: '1',
    kind: 'processor',
    status: 'queued',
    priority: 2,
    owner: 'local',
    attempt: 0,
    failures: 0,
    lost: 0,
    max_attempts: 1,
    created_at: now,
    updated_at: now,
    started_at: null,
    completed_at: null,
    cancel_requested_at: null,
    progress: null,
    result: null,
    outputs: [],
    problem: null,
    error: null,
    links: { self: '', events: '', outputs: '', logs: '', cancel: '' },
  }
  const { client } = answering(200, old)
  expect(await client.job('j_1')).toMatchObject({ waiting: null, depends_on: [] })
})
