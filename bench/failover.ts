import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { startService, submit, warmedUp, type Service } from './service.ts'

const leaseSeconds = 3
const kills = 4

/** From the death of a worker to the start of its job on another one: nobody tells, only its lease ends. */
export async function failover(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-failover-'))
  const env = { LONGHAUL_LEASE_SECONDS: String(leaseSeconds), MAX_CONCURRENT_JOBS: '1' }
  const start = () => startService(env, undefined, { dataDir: path.join(folder, 'data') })
  const survivor = await start()
  const took: number[] = []
  try {
    await warmedUp(survivor)
    for (let n = 0; n < kills; n++) {
      // The survivor is busy, so that the job goes to the one who is to die.
      const held = await submit(survivor, 'remote', { ms: 600_000 })
      await running(survivor, held)
      const victim = await start()
      await warmedUp(victim)
      const job = await submit(survivor, 'remote', { ms: 600_000 })
      await running(survivor, job)
      await cancel(survivor, held)
      await victim.kill()
      const died = performance.now()
      while ((await seen(survivor, job)).attempt < 2) await pause(10)
      took.push(performance.now() - died)
      await cancel(survivor, job)
      await victim[Symbol.asyncDispose]()
    }
  } finally {
    await survivor[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
  return [
    {
      name: `dead worker's job runs elsewhere (lease ${leaseSeconds} s)`,
      value: Math.max(...took),
      unit: 'ms',
      // A lease, a sweep of a sixth of it, and a second.
      target: { atMost: leaseSeconds * 1000 * (1 + 1 / 6) + 1000 },
      beside: `slowest of ${kills}, fastest ${Math.min(...took).toFixed(0)}`,
    },
  ]
}

async function seen(service: Service, id: string): Promise<{ status: string; attempt: number }> {
  const answer = await fetch(`${service.url}/jobs/${id}?view=native`)
  return (await answer.json()) as { status: string; attempt: number }
}
async function running(service: Service, id: string): Promise<void> {
  while ((await seen(service, id)).status !== 'running') await pause(20)
}
async function cancel(service: Service, id: string): Promise<void> {
  await fetch(`${service.url}/jobs/${id}/cancel`, { method: 'POST' })
  while ((await seen(service, id)).status !== 'cancelled') await pause(20)
}
