import { isFinished, jobView, type JobView } from '@longhaul/protocol'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { readConfig, type ConfigOptions } from '../../src/app/index.ts'
import { openBackends } from '../../src/app/open-backends.ts'
import { uploadStatements } from '../../src/uploads/index.ts'
import { startServer, type ServerProcess } from '../harness/server-process.ts'
import { until } from '../harness/until.ts'

const processors = path.join(import.meta.dirname, '../fixtures/fault-work.ts')
export const leaseMs = 3000

/** Services on the same jobs, each in a process of its own, and a client that does not give up. */
export interface Hosts {
  readonly servers: readonly ServerProcess[]
  /** Insists, at one host after the other, with one idempotency key. */
  submit(processor: string, input: object, host?: number): Promise<string>
  job(id: string, host?: number): Promise<JobView>
  /** What they came to, in the order of the ids. */
  ended(ids: readonly string[], withinMs?: number): Promise<readonly JobView[]>
  stop(): Promise<void>
}

export async function startHosts(
  configs: readonly ConfigOptions[],
  env: readonly Readonly<Record<string, string>>[] = [],
): Promise<Hosts> {
  const servers = await Promise.all(
    configs.map((config, index) =>
      startServer(
        { sources: [{ kind: 'file', path: processors }], config: { leaseMs, ...config } },
        env[index],
      ),
    ),
  )
  let turn = 0
  const insist = async (what: string, init: RequestInit, host?: number): Promise<unknown> => {
    const deadline = performance.now() + 60_000
    for (;;) {
      const server = servers[host ?? turn++ % servers.length]
      try {
        const answer = await fetch(`${server?.url}${what}`, {
          ...init,
          signal: AbortSignal.timeout(5000),
        })
        if (answer.ok) return await answer.json()
        // Busy or away is worth another try; everything else is a mistake of the test or of the service.
        if (![429, 500, 503, 507].includes(answer.status))
          throw new TypeError(`${what}: ${answer.status} ${await answer.text()}`)
      } catch (error) {
        if (performance.now() > deadline || isOurs(error)) throw error
      }
      if (performance.now() > deadline) throw new Error(`${what} never succeeded`)
      await pause(50)
    }
  }
  let made = 0
  const job = async (id: string, host?: number): Promise<JobView> =>
    jobView.parse(await insist(`/jobs/${id}?view=native`, {}, host))
  return {
    servers,
    job,
    async submit(processor, input, host) {
      const headers = { 'content-type': 'application/json', 'idempotency-key': `key-${made++}` }
      const body = JSON.stringify({ input })
      const what = `/processors/${processor}/jobs`
      return jobView.parse(await insist(what, { method: 'POST', headers, body }, host)).job_id
    },
    ended: (ids, withinMs = 60_000) =>
      until(
        'the end of every job',
        async () => {
          const jobs = await Promise.all(ids.map((id) => job(id)))
          return jobs.every(({ status }) => isFinished(status)) ? jobs : undefined
        },
        withinMs,
      ),
    async stop() {
      await Promise.all(servers.map((server) => server.kill('SIGKILL')))
    },
  }
}

const isOurs = (error: unknown): boolean => error instanceof TypeError && !error.cause

/** The data themselves, without a service in between. */
export async function openDirectly(options: ConfigOptions) {
  return openBackends(readConfig({ leaseMs, ...options }, {}), uploadStatements, undefined)
}

/**
 * What must hold after every fault: each job completed once, by what it counts as one attempt's work; its file is exact;
 * counters are right; no upload stays open.
 */
export async function expectDoneOnce(
  options: ConfigOptions,
  tags: ReadonlyMap<string, string>,
): Promise<void> {
  const { engine, storage, database } = await openDirectly(options)
  try {
    const ids = [...tags.keys()]
    const jobs = await engine.get(ids, 'everyone')
    expect(jobs.map(({ id, state, problem }) => [id, state, problem?.detail])).toEqual(
      ids.map((id) => [id, 'completed', undefined]),
    )
    for (const { id, result } of jobs) {
      const events = await engine.read(id, 0, 1000)
      expect(events.filter(({ type }) => type === 'completed')).toHaveLength(1)
      const { body } = await storage.get(result?.outputs[0]?.key ?? '')
      const bytes = Buffer.concat(await body.toArray())
      expect(bytes.equals(Buffer.alloc(1000, tags.get(id)))).toBe(true)
    }
    expect(await engine.recount()).toEqual([])
    // One that was begun by an answer nobody heard is known to nobody: the collector finds it.
    await until('no open upload', async () => {
      const open = []
      for await (const upload of storage.listUploads('results/')) open.push(upload.key)
      return open.length === 0
    })
  } finally {
    await database.close()
  }
}
