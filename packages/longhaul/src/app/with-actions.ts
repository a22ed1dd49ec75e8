import type { ActionRunner, Runner } from '../runners/index.ts'

/** Both halves of a processor, which start and end together. */
export function withActions(runner: Runner, actions: ActionRunner | undefined): Runner {
  if (actions === undefined) return runner
  // What has no jobs is ready when its actions are.
  const telling = runner.description.jobs === false ? actions : runner
  return {
    description: runner.description,
    actions,
    state: () => telling.state(),
    onState: (listener) => telling.onState(listener),
    run: (request, sink) => runner.run(request, sink),
    stop: async () => {
      await Promise.all([runner.stop(), actions.stop()])
    },
  }
}
