/**
 * A function that the operator lists, called by name: system D's jobs, without its remote code execution. What is listed
 * runs as a processor with one field, `parameters`; a request can only name it. Beside the database each job has a run
 * directory for people and scripts that read files.
 */
export { callableSources, taskName } from './callable-sources.ts'
export { parseTasks } from './parse-tasks.ts'
export { reflectingEngine } from './reflecting-engine.ts'
export { RunDirectories } from './run-directories.ts'
