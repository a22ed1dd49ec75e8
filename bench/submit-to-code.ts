import { setTimeout as pause } from 'node:timers/promises'
import { startTestPostgres } from 'longhaul/testing/servers'
import { percentile, type Figure } from './figure.ts'
import { resultOf, startService, submit, warmedUp } from './service.ts'

const jobs = 200

/** From a client's request to the first line of the author's code, on an idle service with a warm process. */
export async function submitToCode(): Promise<readonly Figure[]> {
  const embedded = await measured('embedded', 15)
  const postgres = await startTestPostgres({ durable: true })
  try {
    const env = { DATABASE_URL: await postgres.createDatabase() }
    return [embedded, await measured('on PostgreSQL', 25, env)]
  } finally {
    await postgres.stop()
  }
}

async function measured(
  where: string,
  atMost: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Figure> {
  await using service = await startService(env)
  await warmedUp(service)
  const delays: number[] = []
  for (let n = 0; n < jobs + 20; n++) {
    const sent = performance.timeOrigin + performance.now()
    const id = await submit(service, 'clock', {})
    await pause(30) // looking for the result must not stand in the way of the start
    const { startedAt } = (await resultOf(service, id)) as { startedAt: number }
    if (n >= 20) delays.push(startedAt - sent)
  }
  return {
    name: `submit over HTTP → processor code, idle, warm, ${where}: p50`,
    value: percentile(delays, 0.5),
    unit: 'ms',
    target: { atMost },
    beside: `p90 ${percentile(delays, 0.9).toFixed(1)}, p99 ${percentile(delays, 0.99).toFixed(1)}, ${jobs} jobs`,
  }
}
