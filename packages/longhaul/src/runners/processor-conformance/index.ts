/** Checks that a program in any language keeps the rules of the processor protocol. Published as `longhaul/testing`. */
export { checkProcessor, type RuleReport } from './check-processor.ts'
export type { ProcessorCommand } from './protocol-driver.ts'
export type { Rule } from './rule.ts'
export { rules } from './rules.ts'
