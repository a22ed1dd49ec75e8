import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError, type LonghaulError } from '../errors/index.ts'
import { SourceFailure } from './source.ts'
import type { Tuning } from './tuning.ts'

/** Too much went wrong for this attempt; the job may try again after a while. */
export class OutOfPatience extends Error {
  readonly problem: LonghaulError
  readonly retryAfterMs: number | undefined

  constructor(problem: LonghaulError, retryAfterMs?: number) {
    super(problem.message)
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

/** What another try may not meet: undefined for everything else. */
export function passingProblem(error: unknown): LonghaulError | undefined {
  if (error instanceof SourceFailure) return error.kind === 'passing' ? error.problem : undefined
  const isPassing =
    isLonghaulError(error, 'outbound-failed') || isLonghaulError(error, 'outbound-timeout')
  return isPassing ? error : undefined
}

/** Counts the tries of one thing that does not get on. */
export class Patience {
  readonly #tuning: Tuning
  #failures = 0

  constructor(tuning: Tuning) {
    this.#tuning = tuning
  }

  /** It got on. */
  renew(): void {
    this.#failures = 0
  }

  /** Pauses before the next try: as long as the source asked for, or longer each time. Throws what is not worth one. */
  async bear(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const problem = passingProblem(error)
    if (problem === undefined) throw error
    const { tries, firstPauseMs, longestPauseMs, longestNapMs } = this.#tuning
    const asked = error instanceof SourceFailure ? error.retryAfterMs : undefined
    if (++this.#failures >= tries || (asked ?? 0) > longestNapMs)
      throw new OutOfPatience(problem, asked)
    const grown = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures - 1, 20))
    // Those that failed together must not come back together.
    await sleep(Math.max(asked ?? 0, grown * (0.5 + Math.random() / 2)), undefined, { signal })
  }
}

/** For a question whose answer is small: asked again until it is answered. */
export async function patiently<T>(
  tuning: Tuning,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  const patience = new Patience(tuning)
  for (;;)
    try {
      return await ask()
    } catch (error) {
      await patience.bear(error, signal)
    }
}
