import { percentile, type Figure } from './figure.ts'
import { load } from './load.ts'
import { startService, warmedUp } from './service.ts'

const seconds = 8
const connections = 64

/** Submit → result of jobs that do nothing, in the service's own process: what longhaul itself costs, durable at each step. */
export async function roundTrips(): Promise<readonly Figure[]> {
  await using service = await startService({ MAX_CONCURRENT_JOBS: String(connections) })
  await warmedUp(service)
  const run = {
    url: `${service.url}/processors/noop/run`,
    method: 'POST',
    body: JSON.stringify({ input: {} }),
    connections,
  } as const
  await load({ ...run, seconds: 2 })
  const { answers, errors, latenciesMs, ...report } = await load({ ...run, seconds })
  if (errors > 0) throw new Error(`${errors} runs failed`)
  return [
    {
      name: `submit → result over HTTP, ${connections} at once, no-op in process`,
      value: answers / report.seconds,
      unit: 'per second',
      target: { atLeast: 500 },
      beside: `p50 ${percentile(latenciesMs, 0.5).toFixed(0)} ms, p99 ${percentile(latenciesMs, 0.99).toFixed(0)} ms`,
    },
  ]
}
