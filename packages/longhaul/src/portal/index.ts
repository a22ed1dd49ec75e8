/**
 * System E's upload half: one file by a form, in chunks, by its path or by an import becomes one job of kind `upload` and a
 * record of its dataset. Bytes come into upload sessions; what happens afterwards is a job like any other, and datasets are
 * told of its end. Rules make further jobs of what is complete.
 */
export { portalStatements } from './portal-statements.ts'
export { checkRules } from './rules.ts'
export { startTendingPortal } from './tend-portal.ts'
export { uploadProcessor, uploadsAtOnce } from './upload-job.ts'
