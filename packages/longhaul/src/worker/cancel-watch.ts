import type { Logger } from 'pino'
import type { JobStore, Verdict } from '../jobs/engine.ts'
import type { Job, JobId } from '../jobs/job.ts'

/** Between two reads. Cancels that come late come with a touch at the latest. */
const quietMs = 500

interface Running {
  readonly job: Pick<Job, 'id'>
  heed(verdict: Verdict): void
}

/**
 * A change of a job that runs here may be its cancel. The first is looked at once, those that come soon after it together:
 * hundreds of jobs that write events or checkpoints cost two reads a second.
 */
export class CancelWatch {
  readonly #engine: Pick<JobStore, 'get'>
  readonly #running: ReadonlySet<Running>
  readonly #log: Logger
  readonly #changed = new Set<JobId>()
  #timer: NodeJS.Timeout | undefined

  constructor(engine: Pick<JobStore, 'get'>, running: ReadonlySet<Running>, log: Logger) {
    this.#engine = engine
    this.#running = running
    this.#log = log
  }

  changed(id: JobId): void {
    this.#changed.add(id)
    if (this.#timer === undefined) void this.#look()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#changed.clear()
  }

  async #look(): Promise<void> {
    const here = [...this.#running].filter(({ job }) => this.#changed.has(job.id))
    this.#changed.clear()
    if (here.length === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#changed.size > 0) void this.#look()
    }, quietMs).unref()
    try {
      const ids = here.map(({ job }) => job.id)
      const jobs = new Map((await this.#engine.get(ids, 'everyone')).map((job) => [job.id, job]))
      for (const attempt of here) {
        const job = jobs.get(attempt.job.id)
        if (job?.cancelRequestedAt !== undefined && !job.publishing) attempt.heed('cancel')
      }
    } catch (error) {
      this.#log.error({ err: error }, 'looking for cancels failed; the next touch tells')
    }
  }
}
