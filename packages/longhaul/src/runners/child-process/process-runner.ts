import type { ProcessorDescription } from '../../processor/description.ts'
import type {
  AttemptRequest,
  AttemptSink,
  Runner,
  RunnerOptions,
  RunnerState,
  RunningAttempt,
} from '../runner.ts'
import { WarmPool } from '../warm-pool.ts'
import { ChildAttempt, type StartOwn } from './child-attempt.ts'
import type { WarmChild } from './warm-child.ts'

/** The default runner: warm child processes, each one attempt at a time. */
export function processRunner(
  description: ProcessorDescription,
  options: RunnerOptions,
  start: (memoryBytes?: number) => WarmChild,
  { first, limitsHeap = false }: { readonly first?: WarmChild; readonly limitsHeap?: boolean } = {},
): Runner {
  const slots = Math.min(options.slots, description.concurrency ?? options.slots)
  const pool = new WarmPool(slots, () => start(), first)
  const startOwn: StartOwn = limitsHeap ? (memoryBytes) => () => start(memoryBytes) : undefined
  return {
    description,
    state: (): RunnerState => pool.state,
    onState: (listener) => pool.onState(listener),
    run: (request: AttemptRequest, sink: AttemptSink): RunningAttempt =>
      new ChildAttempt(pool, startOwn, description, options, request, sink),
    stop: () => pool.stop(),
  }
}
