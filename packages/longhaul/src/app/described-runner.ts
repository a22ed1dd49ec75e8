import type { ProcessorDescription } from '../processor/description.ts'
import type { Runner } from '../runners/runner.ts'

/** What a process that runs no jobs knows of a processor: enough to take jobs for it. Workers elsewhere run them. */
export const describedRunner = (description: ProcessorDescription): Runner => ({
  description,
  state: () => ({ kind: 'ready', warmMs: 0 }),
  onState: () => undefined,
  run: () => {
    throw new Error(`This process only describes ${description.name}; it has no worker.`)
  },
  stop: () => Promise.resolve(),
})
