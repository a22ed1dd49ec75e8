/**
 * Imports: files that longhaul fetches by itself, from URLs, S3, Google Drive and folders of this machine. A request becomes
 * a durable job that the worker runs in this process; its bytes go through upload sessions, so that the next attempt sends
 * only what is missing, and what is secret in it lies sealed beside the job until it ends.
 */
export { createImports } from './create-imports.ts'
export type { ImportParts } from './import-parts.ts'
export { importProcessor } from './import-processor.ts'
export { importStatements } from './import-statements.ts'
export type * from './imports.ts'
export { startTendingImports } from './tend-imports.ts'
export { defaultTuning, type Tuning } from './tuning.ts'
