import type { Logger } from 'pino'
import type { JobEvents, JobStore } from './engine.ts'
import type { Job, JobId } from './job.ts'
import { isTerminal } from './job.ts'

/** When a job that has just been submitted is looked at, should its change have been missed. */
const freshMs = 100

export type JobListener = (job: Job | undefined) => void

/**
 * Tells many listeners about changes of the jobs they wait for, with one subscription and one query for all of them.
 * Wakeups are hints that may be lost, so every watched job is also looked at once a second.
 */
export interface JobWatch {
  /** Calls `listener` soon with the job as it is, then after every change, until the answered function is called. */
  watch(jobId: JobId, listener: JobListener): () => void
  /**
   * The job once it has ended, or as it is after `timeoutMs`; undefined if there is none, or nothing was seen of it. One that
   * is `fresh` cannot have ended yet, and is not looked at before it changes.
   */
  waitForEnd(jobId: JobId, timeoutMs: number, how?: { fresh: boolean }): Promise<Job | undefined>
  /** Everybody who waits is told what is known, and nobody is called again. */
  stop(): void
}

export function createJobWatch(
  engine: Pick<JobStore & JobEvents, 'get' | 'wakeups'>,
  log: Pick<Logger, 'warn'>,
  { pollMs = 1000 } = {},
): JobWatch {
  const listeners = new Map<JobId, Set<JobListener>>()
  const waiting = new Set<() => void>()
  const dirty = new Set<JobId>()
  const ended = new AbortController()
  let looking = false
  let subscribed = false

  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    try {
      while (dirty.size > 0 && !ended.signal.aborted) {
        const ids = [...dirty].slice(0, 500)
        for (const id of ids) dirty.delete(id)
        const jobs = new Map((await engine.get(ids, 'everyone')).map((job) => [job.id, job]))
        for (const id of ids) for (const tell of [...(listeners.get(id) ?? [])]) tell(jobs.get(id))
      }
    } catch (error) {
      if (!ended.signal.aborted) log.warn({ err: error }, 'cannot look at watched jobs')
    } finally {
      looking = false
    }
  }
  const mark = (id: JobId): void => {
    if (!listeners.has(id)) return
    dirty.add(id)
    void look()
  }
  const subscribe = async (): Promise<void> => {
    try {
      for await (const wakeup of engine.wakeups(ended.signal))
        if (wakeup.kind !== 'queued') mark(wakeup.jobId)
    } catch (error) {
      if (!ended.signal.aborted) log.warn({ err: error }, 'wakeups ended; jobs are polled')
    }
  }
  const poll = setInterval(() => {
    for (const id of listeners.keys()) dirty.add(id)
    void look()
  }, pollMs)
  poll.unref()

  const watch = (jobId: JobId, listener: JobListener, fresh = false): (() => void) => {
    if (!subscribed) {
      subscribed = true
      void subscribe()
    }
    const others = listeners.get(jobId) ?? new Set()
    listeners.set(jobId, others.add(listener))
    if (fresh) setTimeout(mark, freshMs, jobId).unref()
    else mark(jobId)
    return () => {
      others.delete(listener)
      if (others.size === 0 && listeners.get(jobId) === others) listeners.delete(jobId)
    }
  }

  return {
    watch,
    waitForEnd(jobId, timeoutMs, { fresh } = { fresh: false }) {
      return new Promise((resolve) => {
        let last: Job | undefined
        const finish = (): void => {
          clearTimeout(timer)
          waiting.delete(finish)
          unwatch()
          resolve(last)
        }
        const timer = setTimeout(finish, timeoutMs)
        waiting.add(finish)
        const unwatch = watch(
          jobId,
          (job) => {
            last = job
            if (job === undefined || isTerminal(job.state)) finish()
          },
          fresh,
        )
      })
    },
    stop() {
      ended.abort()
      clearInterval(poll)
      for (const finish of [...waiting]) finish()
      listeners.clear()
    },
  }
}
