import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startTestPostgres } from 'longhaul/testing/servers'
import type { Figure } from './figure.ts'
import { startService, submit, type Service } from './service.ts'

const slots = 8
const jobs = 800
const jobMs = 100

/** Work that waits for others, drained from PostgreSQL by one worker, and by four on two hosts. */
export async function scaleOut(): Promise<readonly Figure[]> {
  const one = await drained([['a', 1]])
  const four = await drained([
    ['a', 2],
    ['b', 2],
  ])
  return [
    {
      name: '4 workers on 2 hosts over 1 worker, where the work waits',
      value: four / one,
      unit: '×',
      target: { atLeast: 1.6 },
      beside: `${one.toFixed(0)} and ${four.toFixed(0)} jobs of ${jobMs} ms a second, ${slots} slots each`,
    },
  ]
}

/** Jobs a second, from the first completion to the last. A host is a data directory of its own. */
async function drained(hosts: readonly (readonly [string, number])[]): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-hosts-'))
  const postgres = await startTestPostgres()
  const env = {
    DATABASE_URL: await postgres.createDatabase(),
    MAX_CONCURRENT_JOBS: String(slots),
  }
  const services: Service[] = []
  try {
    const api = await startService(env, undefined, { flags: ['--no-worker'] })
    services.push(api)
    await setPaused(api, true)
    for (let n = 0; n < jobs; n += 40)
      await Promise.all(Array.from({ length: 40 }, () => submit(api, 'remote', { ms: jobMs })))
    for (const [host, workers] of hosts)
      for (let n = 0; n < workers; n++)
        services.push(
          await startService(env, undefined, {
            ...{ command: 'worker', dataDir: path.join(folder, host) },
          }),
        )
    await setPaused(api, false)
    while ((await completed(api)) === 0) await pause(5)
    const began = performance.now()
    while ((await completed(api)) < jobs) await pause(20)
    return jobs / ((performance.now() - began) / 1000)
  } finally {
    for (const service of services.reverse()) await service[Symbol.asyncDispose]()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function setPaused({ url }: Service, paused: boolean): Promise<void> {
  const answer = await fetch(`${url}/queues/remote`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paused }),
  })
  if (!answer.ok) throw new Error(`pause: ${answer.status} ${await answer.text()}`)
}

async function completed({ url }: Service): Promise<number> {
  const answer = await fetch(`${url}/jobs?view=native&status=completed&limit=1`)
  return ((await answer.json()) as { total: number }).total
}
