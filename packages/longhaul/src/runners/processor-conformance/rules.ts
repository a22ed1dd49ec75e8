import { attemptRules } from './attempt-rules.ts'
import { checkpointRules } from './checkpoint-rules.ts'
import { lifeRules } from './life-rules.ts'
import type { Rule } from './rule.ts'

export const rules: readonly Rule[] = [...lifeRules, ...attemptRules, ...checkpointRules]
