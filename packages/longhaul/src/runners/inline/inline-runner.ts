import type { Processor, ProcessorDescription } from '../../processor/index.ts'
import type { Runner, RunnerOptions } from '../runner.ts'
import { slotsOf } from '../slots.ts'
import { InlineAttempt } from './inline-attempt.ts'
import { WarmUp } from './warm-up.ts'

/**
 * Runs a processor in this very process: for code that only waits for others. It shares the event loop with the API, has
 * no log of its own for console.*, keeps this process's current directory, and cannot be killed.
 */
export function inlineRunner(
  processor: Processor,
  description: ProcessorDescription,
  options: RunnerOptions,
  folder: string,
): Runner {
  const slots = slotsOf(Math.min(options.slots, description.concurrency ?? options.slots))
  const warmUp = new WarmUp(processor, folder)
  const running = new Set<InlineAttempt>()
  return {
    description,
    state: () => warmUp.state,
    onState: (listener) => warmUp.onState(listener),
    run: (request, sink) => {
      const attempt = new InlineAttempt(processor, { slots, warmUp }, options, request, sink)
      running.add(attempt)
      void attempt.outcome.then(() => running.delete(attempt))
      return attempt
    },
    stop: async () => {
      warmUp.stop()
      slots.close()
      for (const attempt of running) attempt.kill()
      await Promise.all([...running].map((attempt) => attempt.outcome))
    },
  }
}
