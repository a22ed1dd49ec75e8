import type { Runner, RunnerState } from '../runners/runner.ts'

/** How a runner's setup ended; rejects with the signal's reason when nobody waits for it any more. */
export function warmState(
  runner: Runner,
  signal: AbortSignal,
): Promise<Exclude<RunnerState, { kind: 'starting' }>> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const state = runner.state()
      if (state.kind !== 'starting') resolve(state)
    }
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    runner.onState(look)
    look()
  })
}
