/** Runs processors in child processes: warm ones that speak the processor protocol, or one program an attempt. */
export { childProcessRunners } from './open-source.ts'
export { findOrphans, reapOrphans } from './reap-orphans.ts'
