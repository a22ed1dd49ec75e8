/**
 * Callbacks: whoever gives a `callback_url` is told how the job ended. The engine leaves a row in the outbox with the end
 * itself; here it is sent, signed, until it is taken or given up, and every try can be looked up. How it works as a whole:
 * docs/guides/callbacks.md.
 */
export { createCallbackKeys, type CallbackKeys } from './callback-keys.ts'
export { callbackStatements } from './callback-statements.ts'
export { startDeliveries } from './deliveries.ts'
export { callbackRoutes, jobCallbackRoutes } from './routes.ts'
