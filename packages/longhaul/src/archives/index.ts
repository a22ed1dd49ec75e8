/**
 * Archives: a zip or a tar that was uploaded becomes the files that are in it. Reading one is done twice, checking first and
 * storing then, in a job that the service's own worker carries out; archives.ts is the contract.
 */
export type * from './archives.ts'
export { extractionQueue } from './archives.ts'
export { createArchives } from './create-archives.ts'
export { extractionProcessor, extractionsAtOnce } from './extraction-processor.ts'
