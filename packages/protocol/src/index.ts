export { catalogue, isProblemCode, type Problem, type ProblemCode } from './problems.ts'
