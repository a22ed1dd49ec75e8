import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { percentile, type Figure } from './figure.ts'
import { startService, warmedUp, type Service } from './service.ts'

const jobs = 200

/** What longhaul adds to a warm Python function that does nothing, run directory included: from the request to the job's end. */
export async function callables(): Promise<readonly Figure[]> {
  const runs = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-runs-'))
  try {
    const tasks = path.join(import.meta.dirname, 'processors/tasks.yml')
    // One process, so that what follows one another is what each costs.
    const env = { QUANT_RUNS_DIR: runs, CALLABLE_CONCURRENCY: '1' }
    await using service = await startService(env, [tasks])
    await warmedUp(service)
    for (let n = 0; n < 20; n++) await ended(service, await call(service, n))
    const delays: number[] = []
    for (let n = 0; n < jobs; n++) {
      const sent = performance.timeOrigin + performance.now()
      const id = await call(service, n)
      await pause(30) // looking for the end must not stand in its way
      delays.push(Date.parse((await ended(service, id)).completed_at) - sent)
    }
    const began = performance.now()
    const ids = await Promise.all(Array.from({ length: jobs }, (_, n) => call(service, n)))
    for (const id of ids.toReversed()) await ended(service, id)
    const each = (performance.now() - began) / jobs
    return [
      {
        name: 'warm Python callable, request → end of its job, idle: p50',
        value: percentile(delays, 0.5),
        unit: 'ms',
        target: { atMost: 20 },
        beside: `p90 ${percentile(delays, 0.9).toFixed(1)}, p99 ${percentile(delays, 0.99).toFixed(1)}, ${jobs} jobs`,
      },
      {
        name: `the same, ${jobs} jobs one after the other in one process: of each`,
        value: each,
        unit: 'ms',
        target: { atMost: 20 },
      },
    ]
  } finally {
    await rm(runs, { recursive: true, force: true })
  }
}

async function call({ url }: Service, number: number): Promise<string> {
  const answer = await fetch(`${url}/run/nothing`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ params: { number } }),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { job_id: string }).job_id
}

async function ended({ url }: Service, id: string): Promise<{ readonly completed_at: string }> {
  for (;;) {
    const job = (await (await fetch(`${url}/jobs/${id}`)).json()) as {
      readonly status: string
      readonly completed_at: string
    }
    if (job.status === 'completed') return job
    if (job.status === 'failed') throw new Error(`${id} failed`)
    await pause(20)
  }
}
