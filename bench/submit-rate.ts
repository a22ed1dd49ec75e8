import { percentile, type Figure } from './figure.ts'
import { load } from './load.ts'
import { startService, submit, warmedUp } from './service.ts'

const seconds = 8
const connections = 64

/** Durable submissions (synchronous=FULL) from many clients at once, while the worker's slots are taken. */
export async function submitRate(): Promise<readonly Figure[]> {
  await using service = await startService()
  await warmedUp(service)
  await submit(service, 'hold', { seconds: seconds + 30 })
  const report = await load({
    url: `${service.url}/processors/hold/jobs`,
    method: 'POST',
    body: JSON.stringify({ input: { seconds: 0 } }),
    ...{ connections, seconds },
  })
  if (report.errors > 0) throw new Error(`${report.errors} submissions failed`)
  const { latenciesMs } = report
  return [
    {
      name: `submits at ${connections} connections`,
      value: report.answers / report.seconds,
      unit: 'per second',
      target: { atLeast: 1000 },
      beside: `p50 ${percentile(latenciesMs, 0.5).toFixed(0)} ms, p99 ${percentile(latenciesMs, 0.99).toFixed(0)} ms, ${report.answers} jobs`,
    },
  ]
}
