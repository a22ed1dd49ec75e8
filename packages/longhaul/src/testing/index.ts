/** For tests of longhaul itself and of what others build for it. */
export {
  torture,
  type Finding,
  type RunReport,
  type TortureOptions,
  type TortureReport,
} from './torture/index.ts'
export {
  checkProcessor,
  type ProcessorCommand,
  type RuleReport,
} from '../runners/processor-conformance/index.ts'
