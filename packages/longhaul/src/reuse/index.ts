/**
 * Results that stand for later requests of the same: what a result follows from (processor version, code, parameters, input
 * digests), how it is found again, why one was not found, and the provenance that lies beside the outputs.
 */
export { findResult } from './find-result.ts'
export { lookUpResult, type LookUp, type Wanted } from './look-up.ts'
export { provenanceName, provenanceOf, type ProvenanceFacts } from './provenance.ts'
export { recordResult } from './record-result.ts'
export { reuseStatements } from './reuse-statements.ts'
