/**
 * What becomes of a job, decided once for both drivers: pure functions from a row, the database's clock and the
 * settings to a Decision. A driver reads rows under its locks, asks here, and writes what it is told.
 */
export * from './callback.ts'
export * from './cancel.ts'
export * from './counters.ts'
export * from './decision.ts'
export * from './due.ts'
export * from './failure.ts'
export * from './lost-lease.ts'
export * from './rank.ts'
export * from './rate.ts'
export * from './release.ts'
export * from './retry.ts'
export * from './settle.ts'
export * from './start.ts'
export * from './touch.ts'
export * from './dependency.ts'
export * from './history.ts'
export * from './submit.ts'
export * from './waits.ts'
export * from './worker.ts'
