/** From one machine to many: a stopped embedded instance is copied to PostgreSQL and S3. */
export { moveData, type Moved, type MoveOptions } from './move-data.ts'
export type { CopiedObjects } from './copy-objects.ts'
