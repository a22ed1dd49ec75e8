/** What only Node can do: files of a disk, and its faster SHA-256. */
export { fileSink, type FileSink } from './node/file-sink.ts'
export { fileSource } from './node/file-source.ts'
export { nodeSha256 } from './node/node-sha256.ts'
export { notedUploads } from './node/noted-uploads.ts'
export { withFiles, type CompatFiles } from './node/compat-files.ts'
