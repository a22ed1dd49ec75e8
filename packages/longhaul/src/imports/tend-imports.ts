import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../database/database.ts'
import { isTerminal } from '../jobs/job.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Uploads } from '../uploads/uploads.ts'
import type { Imports } from './imports.ts'

/**
 * Deletes what imports that have ended leave: their secrets, the parts of those that were cancelled, and the rows of those
 * that are no more. Safe everywhere at once, and after any crash.
 */
export async function tendImports({
  database,
  uploads,
}: {
  readonly database: Database
  readonly uploads: Uploads
}): Promise<number> {
  const [ended] = await database.read<{ count: number }>('import.sealed', [])
  const count = Number(ended?.count ?? 0)
  if (count > 0) await database.write([{ statement: 'import.forget-secrets', params: [] }])
  const left = await database.read<{ job_id: string; position: number; upload_id: string | null }>(
    'import.cancelled',
    [],
  )
  for (const { job_id, position, upload_id } of left) {
    if (upload_id !== null) await uploads.abort(upload_id, 'everyone').catch(() => undefined)
    const params = ['The import was cancelled.', job_id, position]
    await database.write([{ statement: 'import.failed', params }])
  }
  return count
}

const everyMs = 30_000
/** However many jobs end. */
const pauseMs = 500
/** Rows of jobs that are no more are nobody's secret, and few. */
const oftenest = 20

/** Does that whenever a job ends and now and then, until it is stopped. */
export function startTendingImports(parts: {
  readonly imports: Imports
  readonly engine: Pick<JobEngine, 'wakeups'>
  readonly database: Database
  readonly log: Logger
}): { stop(): Promise<void> } {
  const { imports, engine, database, log } = parts
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let again = false
  let round = 0

  async function tend(): Promise<void> {
    do {
      again = false
      await imports.tend()
      if (round++ % oftenest === 0)
        for (const statement of ['import.remove', 'import.remove-files'])
          await database.write([{ statement, params: [] }])
      await sleep(pauseMs, undefined, { signal: stopping.signal })
    } while (again && !stopping.signal.aborted)
  }
  function request(): void {
    again = true
    running ??= tend()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.error({ err: error }, 'tending imports failed, trying again')
      })
      .finally(() => (running = undefined))
  }
  async function listen(): Promise<void> {
    for await (const wakeup of engine.wakeups(stopping.signal))
      if (wakeup.kind === 'changed' && (wakeup.state === undefined || isTerminal(wakeup.state)))
        request()
  }
  const timer = setInterval(request, everyMs).unref()
  request()
  const listening = listen().catch(() => undefined) // the timer goes on
  return {
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await listening
      await running
    },
  }
}
