import { availableParallelism } from 'node:os'
import { percentile, type Figure } from './figure.ts'
import { load } from './load.ts'
import { startService, submit, warmedUp } from './service.ts'

const seconds = 8

/** While processors burn every core, the API answers as if nothing were going on. */
export async function responsiveness(): Promise<readonly Figure[]> {
  const cores = availableParallelism()
  await using service = await startService({ MAX_CONCURRENT_JOBS: String(cores + 1) })
  await warmedUp(service)
  const burning = Array.from({ length: cores + 1 }, () =>
    submit(service, 'burn', { seconds: seconds * 2 + 6 }),
  )
  const [id = ''] = await Promise.all(burning)
  await whileRunning(service.url, id)
  const figures: Figure[] = []
  for (const [name, path] of [
    ['GET /health p99, every core burning', '/health'],
    ['GET /jobs/{id} p99, every core burning', `/jobs/${id}`],
  ] as const) {
    const report = await load({
      ...{ url: service.url + path, method: 'GET', connections: 4, seconds, pauseMs: 10 },
    })
    if (report.errors > 0) throw new Error(`${path}: ${report.errors} errors under load`)
    const { latenciesMs, answers } = report
    figures.push({
      name,
      value: percentile(latenciesMs, 0.99),
      unit: 'ms',
      target: { atMost: 50 },
      beside: `p50 ${percentile(latenciesMs, 0.5).toFixed(1)}, max ${Math.max(...latenciesMs).toFixed(0)}, ${answers} answers, ${cores + 1} burning`,
    })
  }
  return figures
}

async function whileRunning(url: string, id: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/jobs/${id}?view=native`)
    if (((await answer.json()) as { status: string }).status === 'running') return
  }
}
