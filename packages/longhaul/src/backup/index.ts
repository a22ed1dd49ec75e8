/**
 * A copy of an embedded instance that can be trusted: the database first, then the objects, each with its digest. Restoring
 * verifies every one of them and starts nothing that may have been finished since.
 */
export { lastBackup, noteBackup, type LastBackup } from './last-backup.ts'
export { backUp, type BackupParts, type BackupReport } from './back-up.ts'
export { restoreDatabase, restoreObjects, verifyBackup, type Restored } from './restore.ts'
