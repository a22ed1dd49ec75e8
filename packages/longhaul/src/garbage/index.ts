/**
 * What belongs to nobody any more: objects of jobs that are gone, open uploads of jobs that have ended, workspaces and logs of
 * attempts that no one knows. Found by asking the engine, never by guessing; removed only when told.
 */
export { findGarbage, removeGarbage, type Garbage, type GarbageParts } from './find-garbage.ts'
