/** For authors' tests: a processor runs once, without a service. */
export {
  runProcessor,
  type ProcessorRun,
  type RunProcessorOptions,
  type TestCheckpoint,
  type TestOutput,
} from './run-processor.ts'
export type { TestFile, TestInput } from './stage-input.ts'
