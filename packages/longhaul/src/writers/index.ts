/** Writers of record and shard files; the runners use them on behalf of `ctx.outputs`. */
export { jsonlWriter, jsonlFileName } from './jsonl/jsonl-writer.ts'
export { parquetBytes } from './parquet/parquet-bytes.ts'
export { parquetWriter, parquetFileName } from './parquet/parquet-writer.ts'
export { journalName } from './parquet/unfinished-file.ts'
export type { Compression } from './parquet/column-chunk.ts'
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
