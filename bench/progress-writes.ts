import { setTimeout as pause } from 'node:timers/promises'
import { startTestPostgres } from 'longhaul/testing/servers'
import type { Figure } from './figure.ts'
import { countStatements } from './postgres-statements.ts'
import { startService, submit, warmedUp } from './service.ts'

const jobs = 200
const seconds = 15

/** Jobs that tell all the time how far they are cost the database next to nothing: one flush a second for all of them. */
export async function progressWrites(): Promise<readonly Figure[]> {
  const postgres = await startTestPostgres()
  try {
    await using counter = await countStatements(await postgres.createDatabase())
    await using service = await startService({
      ...{ DATABASE_URL: counter.url, MAX_CONCURRENT_JOBS: String(jobs) },
    })
    await warmedUp(service)
    await Promise.all(
      Array.from({ length: jobs }, () => submit(service, 'chatty', { seconds: seconds + 60 })),
    )
    while ((await running(service.url)) < jobs) await pause(200)
    await pause(2000)
    const before = counter.count
    const began = performance.now()
    await pause(seconds * 1000)
    const statements = counter.count - before
    return [
      {
        name: `${jobs} running jobs at 10 updates a second: statements of the process`,
        value: statements / ((performance.now() - began) / 1000),
        unit: 'per second',
        target: { atMost: 5 },
        beside: 'counted on the wire, BEGIN and COMMIT too',
      },
    ]
  } finally {
    await postgres.stop()
  }
}

async function running(url: string): Promise<number> {
  const answer = await fetch(`${url}/jobs?view=native&status=running&limit=1`)
  return ((await answer.json()) as { total: number }).total
}
