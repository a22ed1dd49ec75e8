/** Real servers for tests and demos: a PostgreSQL from npm, and an S3-compatible store where it is installed. */
export { freePort } from './free-ports.ts'
export { startTestPostgres } from './postgres.ts'
export { startTestSwift } from './swift.ts'
