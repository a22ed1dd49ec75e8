/**
 * Checking what comes in: requests against zod schemas, a processor's input against its JSON Schema. Whatever is wrong becomes
 * one 422 that names every reason twice, in FastAPI's form and as JSON pointers.
 */
export { boundedList } from './bounded-list.ts'
export { inputSchemaOf, type CheckOptions, type InputSchema } from './input-schema.ts'
export { invalidRequest, pointerOf } from './invalid-request.ts'
export { laxInteger } from './lax-integer.ts'
export { parseRequest, type Place } from './parse-request.ts'
