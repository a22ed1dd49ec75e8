import type { Logger } from 'pino'
import type { JobEvents, JobStore, Wakeup } from './engine.ts'
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
  /** Who waits for the end alone is told of hints that it goes on, and nobody looks for them. */
  const listeners = new Map<JobId, Map<JobListener, (() => void) | undefined>>()
  const waiting = new Set<() => void>()
  const dirty = new Set<JobId>()
  const ended = new AbortController()
  let looking: Promise<void> | undefined
  let subscribed = false

  const look = (): Promise<void> => (looking ??= lookAll().finally(() => (looking = undefined)))
  const tellOf = (id: JobId, job: Job | undefined): void => {
    for (const [tell] of [...(listeners.get(id) ?? [])]) tell(job)
  }
  const lookAll = async (): Promise<void> => {
    try {
      while (dirty.size > 0 && !ended.signal.aborted) {
        const ids = [...dirty].slice(0, 500)
        for (const id of ids) dirty.delete(id)
        const jobs = new Map((await engine.get(ids, 'everyone')).map((job) => [job.id, job]))
        for (const id of ids) tellOf(id, jobs.get(id))
      }
    } catch (error) {
      if (!ended.signal.aborted) log.warn({ err: error }, 'cannot look at watched jobs')
    }
  }
  const mark = (id: JobId): void => {
    if (!listeners.has(id)) return
    dirty.add(id)
    void look()
  }
  const heed = (wakeup: Wakeup): void => {
    if (wakeup.kind === 'queued') return
    if (wakeup.kind === 'changed' && wakeup.ended !== undefined)
      return tellOf(wakeup.jobId, wakeup.ended)
    const goesOn =
      wakeup.kind === 'progressed' || (wakeup.state !== undefined && !isTerminal(wakeup.state))
    const others = [...(listeners.get(wakeup.jobId)?.values() ?? [])]
    if (!goesOn || others.includes(undefined)) mark(wakeup.jobId)
    else for (const tell of others) tell?.()
  }
  const subscribe = async (): Promise<void> => {
    try {
      for await (const wakeup of engine.wakeups(ended.signal)) heed(wakeup)
    } catch (error) {
      if (!ended.signal.aborted) log.warn({ err: error }, 'wakeups ended; jobs are polled')
    }
  }
  const poll = setInterval(() => {
    for (const id of listeners.keys()) dirty.add(id)
    void look()
  }, pollMs)
  poll.unref()

  const listen = (jobId: JobId, listener: JobListener, goesOn?: () => void): (() => void) => {
    if (!subscribed) {
      subscribed = true
      void subscribe()
    }
    const others = listeners.get(jobId) ?? new Map<JobListener, (() => void) | undefined>()
    listeners.set(jobId, others.set(listener, goesOn))
    return () => {
      others.delete(listener)
      if (others.size === 0 && listeners.get(jobId) === others) listeners.delete(jobId)
    }
  }

  return {
    watch(jobId, listener) {
      const unwatch = listen(jobId, listener)
      mark(jobId)
      return unwatch
    },
    waitForEnd(jobId, timeoutMs, { fresh } = { fresh: false }) {
      return new Promise((resolve) => {
        let last: Job | undefined
        const finish = (): void => {
          clearTimeout(timer)
          clearTimeout(soon)
          waiting.delete(finish)
          unwatch()
          resolve(last)
        }
        // How it is then was not looked at while it went on.
        const late = (): void => {
          dirty.add(jobId)
          void look().then(finish)
        }
        const timer = setTimeout(late, timeoutMs)
        const soon = setTimeout(mark, fresh ? freshMs : 0, jobId)
        waiting.add(finish)
        const unwatch = listen(
          jobId,
          (job) => {
            last = job
            if (job === undefined || isTerminal(job.state)) finish()
          },
          // Hints of it do come: so will the last.
          () => fresh && clearTimeout(soon),
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
