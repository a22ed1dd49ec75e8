import type { JobId } from '../jobs/job.ts'
import { createLeftovers } from './collect-leftovers.ts'
import { collectLogs } from './collect-logs.ts'
import { msUntilNight } from './night.ts'
import { removeExpiredJobs } from './remove-expired-jobs.ts'
import { pause, repeat } from './repeat.ts'
import type { WorkerParts } from './worker-parts.ts'

/** What the engine and the store need done by somebody, whoever it is. */
export interface Upkeep {
  stop(): Promise<void>
}

/**
 * Sweeps expired leases, collects what dead attempts left, deletes jobs past retention, and once a night compares the
 * counters with the jobs and drops logs of jobs that are no more. Every process does it, with or without a worker: with all workers dead, somebody must say so.
 */
export function startUpkeep(
  parts: Pick<WorkerParts, 'config' | 'engine' | 'storage' | 'log'> & {
    /** Deletes a finished job and all that it made. */
    readonly removeJob: (id: JobId) => Promise<void>
  },
): Upkeep {
  const { config, engine, log } = parts
  const stopping = new AbortController()
  const until = { signal: stopping.signal, log }
  const retention = config.retentionMs
  const leftovers = createLeftovers(parts)
  const loops = [
    repeat(
      'sweeping',
      config.leaseMs / 6,
      async () => {
        const swept = await engine.sweep()
        const moved = swept.requeued.length + swept.failed.length + swept.publishing.length
        if (moved > 0) log.warn({ ...swept }, 'leases had expired')
      },
      until,
    ),
    repeat(
      'collecting leftovers',
      Math.max(1000, config.leaseMs),
      () => leftovers.collect(),
      until,
    ),
    nightly(),
  ]
  if (retention !== undefined) {
    const everyMs = Math.min(3_600_000, Math.max(1000, retention / 10))
    const removeOld = async (): Promise<void> => {
      const removed = await removeExpiredJobs(engine, retention, parts.removeJob)
      if (removed > 0) log.info({ removed }, 'finished jobs past retention were deleted')
    }
    loops.push(repeat('deleting old jobs', everyMs, removeOld, until))
  }

  async function nightly(): Promise<void> {
    for (;;) {
      await pause(msUntilNight(new Date()), stopping.signal)
      if (stopping.signal.aborted) return
      await attemptTo('recounting', async () => {
        const drift = await engine.recount({ mend: true })
        if (drift.length > 0)
          log.error({ drift }, 'counters differed from the jobs, and were mended')
        else log.info('counters agree with the jobs')
      })
      await attemptTo('collecting logs', () => collectLogs(config.dataDir, engine))
    }
  }

  async function attemptTo(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      log.error({ err: error }, `${what} failed, trying again tomorrow`)
    }
  }

  return {
    async stop() {
      stopping.abort()
      await Promise.allSettled(loops)
    },
  }
}
