import type { Column } from './parquet/column.ts'
import type { Compression } from './parquet/column-chunk.ts'

/**
 * Outputs of any number of records or small files, cut into files of bounded size. A finished file is given away at
 * once, so that storage receives it while the attempt goes on. Bytes depend on the records and their order alone.
 *
 * Await every write: that is what keeps memory bounded. `finish` is called for you when `run` has returned. A checkpoint
 * keeps what was written before it; an attempt that continues from it goes on at that very record.
 * Deliberately absent: reading back, random access.
 */
export interface RecordWriter<R> {
  /** Records written so far. */
  readonly count: number
  write(record: R): Promise<void>
  /** Idempotent. */
  finish(): Promise<void>
}

export type ShardData = string | Uint8Array | AsyncIterable<Uint8Array | string>

export interface ShardWriter {
  /** Members written so far. */
  readonly count: number
  /** Members keep the order of the calls, whether awaited or not. */
  add(name: string, data: ShardData): Promise<void>
  /** Idempotent. */
  finish(): Promise<void>
}

/** What only the maker of a writer may do. */
export interface Resumable {
  /** Everything written so far is in its file. Answers how to go on from here. */
  flush(): Promise<WriterState>
  /** Closes what is open and gives nothing away: the attempt has failed. */
  abandon(): Promise<void>
}

/** A writer between two writes, in plain data. */
export interface WriterState {
  /** Records or members written. */
  readonly count: number
  /** Files begun. */
  readonly files: number
  /** Length of the newest of them, while it is unfinished. */
  readonly bytes?: number
  /** Length of the journal beside that file, where a format needs one. */
  readonly journal?: number
  /** Of Parquet, whose columns must stay as they are. */
  readonly table?: { readonly columns: readonly Column[]; readonly compression: Compression }
}

/** Where a writer's files go. */
export interface WriterFiles {
  /** An absolute path below the workspace, its folder made. */
  pathFor(name: string): Promise<string>
  /** The file is complete and no longer touched. */
  give(name: string, path: string, mediaType: string): Promise<void>
}

/** `features_00000.jsonl` */
export const numberedName = (name: string, index: number, extension: string): string =>
  `${name}_${String(index).padStart(5, '0')}${extension}`
