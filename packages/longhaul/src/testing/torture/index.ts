/**
 * `longhaul torture`: starts the real service again and again, kills it and its children at random and at every named
 * fault point, breaks its database, store and network, and holds what it says against evidence that it did not write. See
 * torture() for the promise that is tested: acknowledged jobs end once, with exact results, and leave nothing behind.
 */
export { torture, type TortureOptions, type TortureReport } from './torture.ts'
export { backendNames, type BackendName } from './backends.ts'
export type { Finding } from './findings.ts'
export type { RunReport } from './run.ts'
