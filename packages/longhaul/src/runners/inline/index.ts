/** Runs a processor in the service's own process; see inline-runner.ts for what that costs. */
export { inlineRunner } from './inline-runner.ts'
