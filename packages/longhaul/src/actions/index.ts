/**
 * Direct actions: calls that are answered at once by a warm process, with no job and no row. served-actions.ts finds their
 * paths and what they collide with, read-call.ts makes an input of a request, routes.ts answers.
 */
export { actionUrls, checkActionPaths, type ServedAction } from './served-actions.ts'
