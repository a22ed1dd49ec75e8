import type { ProcessorDescription } from '../../processor/description.ts'
import type { Runner, RunnerOptions } from '../runner.ts'
import { WarmPool } from '../warm-pool.ts'
import { ThreadAttempt } from './thread-attempt.ts'
import { WarmThread } from './warm-thread.ts'

/**
 * Runs a processor in warm threads of this process, one attempt at a time each: for short work in pure JavaScript that a
 * process would cost too much. A thread has no current directory of its own, its memory limit is one of the JavaScript heap,
 * and while it is inside a native call nothing can end it.
 */
export function threadRunner(
  file: string,
  description: ProcessorDescription,
  options: RunnerOptions,
): Runner {
  const slots = Math.min(options.slots, description.concurrency ?? options.slots)
  const start = (of: ProcessorDescription) => new WarmThread(file, of, options)
  const pool = new WarmPool(slots, () => start(description))
  const running = new Set<ThreadAttempt>()
  return {
    description,
    state: () => pool.state,
    onState: (listener) => pool.onState(listener),
    run: (request, sink) => {
      const attempt = new ThreadAttempt(pool, start, description, options, request, sink)
      running.add(attempt)
      void attempt.outcome.then(() => running.delete(attempt))
      return attempt
    },
    stop: async () => {
      await pool.stop()
      await Promise.all([...running].map((attempt) => attempt.outcome))
    },
  }
}
