/** Runs a processor's code, one attempt at a time per slot; knows nothing of queues, leases or storage. */
export { parseAttemptLog, readAttemptLog, type AttemptLogLine } from './attempt-log.ts'
export { parseEntrypoint } from './entrypoint.ts'
export { isOutputName } from './output-name.ts'
export { childProcessRunners, findOrphans, reapOrphans } from './child-process/index.ts'
export type * from './runner.ts'
export type * from './action-runner.ts'
