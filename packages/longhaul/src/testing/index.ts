/**
 * For tests of processors, of longhaul itself and of what others build for it: a processor run by itself, the conformance
 * suites, which need vitest and fast-check around them, the check of a processor in any language, and torture.
 */
export { engineConformance } from '../jobs/engine.conformance.ts'
export type { EngineTestOptions, EngineUnderTest, OpenEngine } from '../jobs/engine.conformance.ts'
export {
  checkProcessor,
  rules as processorRules,
  type ProcessorCommand,
  type Rule as ProcessorRule,
  type RuleReport as ProcessorRuleReport,
} from '../runners/processor-conformance/index.ts'
export { runnerConformance } from '../runners/runner.conformance.ts'
export {
  runProcessor,
  type ProcessorRun,
  type RunProcessorOptions,
  type TestCheckpoint,
  type TestFile,
  type TestInput,
  type TestOutput,
} from './run-processor/index.ts'
export { objectStoreConformance } from '../storage/object-store.conformance.ts'
export {
  torture,
  type Finding,
  type RunReport,
  type TortureOptions,
  type TortureReport,
} from './torture/index.ts'
