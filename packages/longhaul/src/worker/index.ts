/**
 * The worker: takes jobs from the engine, stages their inputs, runs them and publishes what they made. It owns leases
 * and workspaces; it knows nothing of HTTP. Losing it at any instruction loses time, never a job: see
 * docs/how-it-works/life-of-a-job.md.
 */
export { allowedFile, allowedPath } from './allowed-path.ts'
export { createWorker, type Worker, type WorkerParts } from './worker.ts'
export type { RunnersByName } from './worker-parts.ts'
export { LogCopies } from './log-copies.ts'
export { thisWorker, isWorkerAlive } from './worker-identity.ts'
export { startUpkeep, type Upkeep } from './upkeep.ts'
export { storeLog } from './log-copies.ts'
