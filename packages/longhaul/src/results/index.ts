/**
 * What the older systems call the result of a job: descriptors of its outputs (A), features and masks (B), and the results
 * index, `results.json`, that lies beside them. Pure functions of a result and its outputs.
 */
export { binResult } from './bin-result.ts'
export { describeOutputs } from './describe-outputs.ts'
export { resultsIndex, resultsIndexName } from './results-index.ts'
