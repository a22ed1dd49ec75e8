/** Runs a processor in threads of the service's own process; see thread-runner.ts for what that costs. */
export { threadRunner } from './thread-runner.ts'
