/** Writers of record and shard files; used by the runners on behalf of `ctx.outputs`. */
export type { RecordWriter, ShardData, ShardWriter, WriterFiles } from './record-writer.ts'
