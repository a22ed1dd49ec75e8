/**
 * The HTTP server: puts the features' routes together and adds what all of them share, which is errors, authentication, the
 * log, and documentation. Features do not know each other here, and nothing but this folder turns an error into a response.
 */
export { createHttpServer } from './create-http-server.ts'
export { healthStatements } from './health-checks.ts'
