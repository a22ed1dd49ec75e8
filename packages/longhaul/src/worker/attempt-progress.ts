import type { Progress } from '../jobs/job.ts'

/** The newest progress of one attempt, and whether it has to be stored. */
export class AttemptProgress {
  #newest: Progress | undefined
  #changed = false
  #matters: boolean

  /** `always`: its users read every stage, also those that the worker itself tells (systems A and B). */
  constructor(always: boolean) {
    this.#matters = always
  }

  note(progress: Progress): void {
    this.#newest = progress
    this.#changed = true
  }

  /** By the processor itself: its last word stays with the job. */
  told(progress: Progress): void {
    this.#matters = true
    this.note(progress)
  }

  /** Once; undefined when nothing changed since. */
  take(): Progress | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    // Somebody may have seen it: what comes after it has to be said, too.
    this.#matters = true
    return this.#newest
  }

  /** At the end. The worker's own stages would be a write too many for a job that was over before anybody could look. */
  takeLast(): Progress | undefined {
    return this.#matters ? this.take() : undefined
  }
}
