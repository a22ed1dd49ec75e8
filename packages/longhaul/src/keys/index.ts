/**
 * Keys of the API: who may do what. A key belongs to an owner and has scopes; what one owner submits, others cannot see.
 * Without any key the service answers on loopback only, and everything belongs to the owner `local`.
 */
export { checkExposure, isLoopback } from './exposure.ts'
export { createKeys, type CreatedKey, type KeyRequest, type Keys, type KeyView } from './keys.ts'
export { keyStatements } from './key-statements.ts'
export { allows, keyScopes, type KeyScope } from './scope.ts'
