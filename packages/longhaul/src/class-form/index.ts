/**
 * Processors as classes, for code that comes from systems A and B: `processInput` for any files, `processBin` for bins of
 * them with a table and masks as the result. `toProcessor` makes of one what `defineProcessor` would.
 */
export { BaseProcessor, type BinPaths, type JobInput } from './base-processor.ts'
export type { Artifact, BinOutput, GreyImage, Row } from './bin-output.ts'
export { toProcessor, type ClassOptions } from './to-processor.ts'
