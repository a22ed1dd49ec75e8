import { setTimeout as sleep } from 'node:timers/promises'
import { Attempt } from './attempt.ts'
import { collectLeftovers } from './collect-leftovers.ts'
import type { WorkerParts } from './worker-parts.ts'

export type { WorkerParts }

export interface Worker {
  /** Attempts that run here now. */
  readonly running: number
  /** Stops claiming, ends attempts and gives their jobs back uncounted. */
  stop(): Promise<void>
}

/** Claims, touches and sweeps until stopped. A lease is touched each tenth of its length, expired ones are swept each sixth. */
export function createWorker(parts: WorkerParts): Worker {
  const { config, engine, runners, worker, log } = parts
  const attempts = new Set<Attempt>()
  const stopping = new AbortController()
  const drained = new AbortController()
  const loops: Promise<void>[] = []
  let claiming = false
  let claimAgain = false
  let claimed = Promise.resolve()
  let turn = 0

  function claim(): Promise<void> {
    if (claiming) claimAgain = true
    else {
      claiming = true
      claimed = claimAll()
    }
    return claimed
  }

  async function claimAll(): Promise<void> {
    try {
      do {
        claimAgain = false
        const queues = queuesWithRoom()
        // Each round starts with another queue, so that none is served first for ever.
        for (let i = 0; i < queues.length; i++) {
          const wanted = queues[(turn + i) % queues.length]
          const slots = Math.min(wanted?.slots ?? 0, config.maxConcurrentJobs - attempts.size)
          if (wanted === undefined || slots <= 0 || stopping.signal.aborted) continue
          const claims = await engine.claim(worker, [{ queue: wanted.queue, slots }])
          for (const one of claims) begin(new Attempt(parts, one, runners.get(one.job.processor)))
        }
        turn++
      } while (claimAgain && !stopping.signal.aborted)
    } catch (error) {
      log.error({ err: error }, 'claiming failed, trying again at the next sweep')
    } finally {
      claiming = false
    }
  }

  function begin(attempt: Attempt): void {
    attempts.add(attempt)
    log.info(
      { job_id: attempt.job.id, attempt: attempt.lease.attempt, processor: attempt.job.processor },
      'attempt started',
    )
    void attempt.done.then(() => {
      attempts.delete(attempt)
      void claim()
    })
  }

  function queuesWithRoom(): { queue: string; slots: number }[] {
    const queues = new Map<string, number>()
    for (const runner of runners.values()) {
      if (runner.state().kind !== 'ready') continue
      const { name, queue = name, concurrency = config.maxConcurrentJobs } = runner.description
      const busy = [...attempts].filter((attempt) => attempt.job.processor === name).length
      queues.set(queue, (queues.get(queue) ?? 0) + Math.max(0, concurrency - busy))
    }
    return [...queues].filter(([, slots]) => slots > 0).map(([queue, slots]) => ({ queue, slots }))
  }

  let touchedAt = performance.now()
  const touchMs = config.leaseMs / 10
  async function touch(everything: boolean): Promise<void> {
    const due = everything || performance.now() - touchedAt >= touchMs
    const held = [...attempts].flatMap((attempt) => {
      // Its child is being killed; prolonging the lease would only keep the job from others.
      if (attempt.isLost) return []
      const progress = attempt.takeProgress()
      if (progress === undefined && !due) return []
      return [{ lease: attempt.lease, ...(progress === undefined ? {} : { progress }) }]
    })
    if (held.length === 0 && !due) return
    const startedAt = performance.now()
    const verdicts = await engine.touch(worker, held)
    if (due) touchedAt = startedAt
    for (const { lease, verdict } of verdicts) {
      for (const attempt of attempts) if (attempt.lease.nonce === lease.nonce) attempt.heed(verdict)
    }
  }

  /** A change of a job that runs here may be its cancel; a read is cheaper than a touch, and most changes are our own. */
  async function heedChange(jobId: string): Promise<void> {
    const attempt = [...attempts].find(({ job }) => job.id === jobId)
    if (!attempt) return
    try {
      const [job] = await engine.get([jobId], 'everyone')
      if (job?.cancelRequestedAt !== undefined && !job.publishing) attempt.heed('cancel')
    } catch (error) {
      log.error({ err: error, job_id: jobId }, 'looking for a cancel failed; the next touch tells')
    }
  }

  /** Who cannot touch stops at 0.8 of the lease, on its own monotonic clock, before anyone else may take the job. */
  function fence(): void {
    if (performance.now() - touchedAt < config.leaseMs * 0.8) return
    for (const attempt of attempts) attempt.stop('lost')
  }

  const every = (ms: number, what: () => Promise<void>, end = stopping.signal): Promise<void> =>
    (async () => {
      while (!end.aborted) {
        try {
          await what()
        } catch (error) {
          log.error({ err: error }, 'upkeep failed, trying again')
        }
        await sleep(ms, undefined, { signal: end }).catch(() => undefined)
      }
    })()

  const fenceTimer = setInterval(fence, Math.max(20, touchMs / 2))
  // Leases are held until the last attempt has drained.
  loops.push(every(Math.min(1000, touchMs), () => touch(false), drained.signal))
  loops.push(
    every(config.leaseMs / 6, async () => {
      const swept = await engine.sweep()
      const moved = swept.requeued.length + swept.failed.length + swept.publishing.length
      if (moved > 0) log.warn({ ...swept }, 'leases had expired')
      await claim()
    }),
  )
  loops.push(every(Math.max(1000, config.leaseMs), () => collectLeftovers(parts)))
  loops.push(
    (async () => {
      for await (const wakeup of engine.wakeups(stopping.signal)) {
        if (wakeup.kind === 'queued') void claim()
        else await heedChange(wakeup.jobId)
      }
    })().catch((error: unknown) => {
      if (!stopping.signal.aborted) log.error({ err: error }, 'wake-ups ended; polling goes on')
    }),
  )
  for (const runner of runners.values()) runner.onState(() => void claim())

  return {
    get running() {
      return attempts.size
    },
    async stop() {
      stopping.abort()
      await claimed // what a claim under way brings is drained with the rest
      for (const attempt of attempts) attempt.stop('drain')
      await Promise.all([...attempts].map((attempt) => attempt.done))
      drained.abort()
      clearInterval(fenceTimer)
      await Promise.allSettled(loops)
    },
  }
}
