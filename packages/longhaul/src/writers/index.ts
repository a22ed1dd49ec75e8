/** Writers of record and shard files; the runners use them on behalf of `ctx.outputs`. */
export { jsonlWriter, jsonlFileName } from './jsonl/jsonl-writer.ts'
export { shardWriter, shardFileName } from './webdataset/shard-writer.ts'
export type {
  RecordWriter,
  Resumable,
  ShardData,
  ShardWriter,
  WriterFiles,
  WriterState,
} from './record-writer.ts'
export { blockBytes, paddingBytes, recordBytes, tarHeader } from './webdataset/tar-header.ts'
