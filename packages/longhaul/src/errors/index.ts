/** One class, one guard, one formatter; the catalogue itself is in @longhaul/protocol. */
export { LonghaulError, isLonghaulError, type ErrorOptionsWithFacts } from './longhaul-error.ts'
export { toProblem } from './to-problem.ts'
