/**
 * Asset operations: one remote, usually paid, API called for assets that are named by URLs. An operation is a processor that
 * runs inside the service, and its assets are items of a native batch; what is here is its three durable steps, and the
 * routes under /api in the words of system C.
 */
export { bindOperation } from './bind-operation.ts'
export { checkOperationNames } from './find-operation.ts'
export { operationStatements } from './operation-statements.ts'
