/** Writers of record and shard files; the runners use them on behalf of `ctx.outputs`. */
export { jsonlWriter } from './jsonl/jsonl-writer.ts'
export { shardWriter } from './webdataset/shard-writer.ts'
export type {
  Abandonable,
  RecordWriter,
  ShardData,
  ShardWriter,
  WriterFiles,
} from './record-writer.ts'
