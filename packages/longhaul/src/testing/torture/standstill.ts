import type { JobSeen } from './torture-client.ts'

/** A job that has not ended, as one look saw it; `signedAt`: when the attempt that it is in last gave a sign of life. */
export type Unended = JobSeen & { readonly signedAt: number | undefined }

export interface StandstillOptions {
  /** So long without any change is too long. */
  readonly quietMs: number
  /** And in so many looks: where the machine is short of time, each takes longer. @default 100 */
  readonly looks?: number
}
/** An attempt whose code signs and signs, and comes to no end, is not slow. */
const mostSigning = 4

/**
 * Tells jobs that are lost from jobs that are slow. Slow is what still moves: a new state or attempt, a checkpoint, a word
 * of an attempt that is alive. Lost is what no look of many finds moved: nobody is at it, and nobody has taken it up.
 */
export class Standstill {
  readonly #options: Required<StandstillOptions>
  #record = ''
  #recordedAt = 0
  #signs = ''
  #signedAt = 0
  #looks = 0

  constructor({ quietMs, looks = 100 }: StandstillOptions) {
    this.#options = { quietMs, looks }
  }

  isReached(jobs: readonly Unended[], now: number): boolean {
    const { quietMs, looks } = this.#options
    const record = jobs.map((job) => [job.job_id, job.status, job.attempt, job.updated_at]).join()
    const signs = `${record} ${jobs.map(({ signedAt }) => signedAt).join()}`
    if (record !== this.#record) [this.#record, this.#recordedAt] = [record, now]
    if (signs !== this.#signs) [this.#signs, this.#signedAt, this.#looks] = [signs, now, 0]
    this.#looks += 1
    if (now - this.#recordedAt > mostSigning * quietMs) return true
    return now - this.#signedAt > quietMs && this.#looks > looks
  }
}
