import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Compression, RecordWriter, ShardLayoutName, ShardWriter } from '../writers/index.ts'
import type { Duration } from '../support/duration.ts'
import type { Json, JsonObject } from '../support/json.ts'
import type { InputFile, OutputFile } from './file.ts'
import type { InputOf, InputSpec, ParamsOf } from './schema-spec.ts'

/** What `run` is given. Every member may be taken out of it: `async run({ input, track, outputs })`. */
export interface RunContext<I extends InputSpec, W = undefined> {
  /** Files and values together, as the schema types them. */
  readonly input: InputOf<I>
  /** The non-file part of `input`. */
  readonly params: ParamsOf<I>
  /** All files, in the order they were submitted. */
  readonly inputs: readonly InputFile[]
  /** What `setup` returned. */
  readonly warm: W
  /** Aborts when the attempt is to stop. SIGTERM follows after 3 s, SIGKILL after 6 s. */
  readonly signal: AbortSignal
  /** An empty folder of this attempt; the current directory while `run` runs. */
  readonly workspace: string
  readonly jobId: string
  /** 1 for the first, +1 for every later one. */
  readonly attempt: number
  readonly track: Track
  readonly progress: ReportProgress
  readonly log: Log
  readonly outputs: Outputs
  /** State of the last checkpoint, its files back at their paths; undefined when this attempt starts clean. */
  readonly restored: Json | undefined
  /**
   * Offers state to continue from; call it at every step. It is lazy: the state is taken, and written with the files and all
   * outputs so far, when `every` has passed, or when the worker is about to end; then it throws once it is saved, and the
   * job goes on elsewhere. Records written before a checkpoint are kept, those after it are written again. Answers whether
   * state was saved now.
   *
   * @example await ctx.checkpoint(() => ({ step }), { files: ['field.bin'], every: '1 min' })
   */
  readonly checkpoint: (state: () => Json, options?: CheckpointOptions) => Promise<boolean>
}

/**
 * Iterates with progress, rate and remaining time, and throws when the attempt is cancelled.
 *
 * @example for await (const image of track(input.images, 'images')) await resize(image)
 */
export type Track = <T>(
  items: Iterable<T> | AsyncIterable<T>,
  what?: string,
  options?: {
    /** How many there will be. @default the length or size of `items`, if it has one */
    readonly total?: number
    /** How many were done before, when a run continues. @default 0 */
    readonly start?: number
    /** What else to say once an item is done: which it was, for those who watch. */
    readonly detail?: (item: T) => JsonObject
  },
) => AsyncIterable<T>

export interface ProgressReport {
  readonly stage?: string
  readonly percent?: number
  readonly message?: string
  readonly done?: number
  readonly total?: number
  readonly detail?: JsonObject
}
/** The newest report wins; reports may be as frequent as you like. Throws when the attempt is cancelled. */
export interface ReportProgress {
  (done: number, total?: number, message?: string): void
  (report: ProgressReport): void
}

/** Fields may hold anything: errors are written with their message. */
export type LogFields = Readonly<Record<string, unknown>>
export interface Log {
  readonly debug: (text: string, fields?: LogFields) => void
  readonly info: (text: string, fields?: LogFields) => void
  readonly warn: (text: string, fields?: LogFields) => void
  readonly error: (text: string, fields?: LogFields) => void
}

export type OutputData = string | Uint8Array | Readable | AsyncIterable<Uint8Array | string>

/** Files that the job gives back. Names are relative, may hold `/`, and are unique within the attempt. */
export interface Outputs {
  /** Writes a whole file; streams are written as they come. Storage receives it at once. */
  write(
    name: string,
    data: OutputData,
    options?: { readonly mediaType?: string },
  ): Promise<OutputFile>
  /** A place to write a file yourself, or have a library write it. It is given away when `run` has returned. */
  path(name: string, options?: { readonly mediaType?: string }): OutputFile
  /** One JSON object a line, in files `<name>_00000.jsonl` and so on. */
  records<S extends z.ZodType = z.ZodType<JsonObject>>(
    name: string,
    schema?: S,
    options?: { readonly format?: 'jsonl' },
  ): RecordWriter<z.input<S>>
  /**
   * Rows of a table, in Parquet files `<name>_00000.parquet` and so on; a name that ends in `.parquet` is one file. The schema
   * is a `z.object`: text, numbers, `z.int()`, booleans and dates become columns of their type, everything else a column of JSON.
   */
  records<S extends z.ZodObject>(
    name: string,
    schema: S,
    options: ParquetOptions,
  ): RecordWriter<z.input<S>>
  /**
   * Many small files in uncompressed tars `<name>_00000.tar`, each with an index `<name>_00000.json`. The layout `masks` is
   * system B's: `<name>/shard-00000.tar`, members `<bin id>_<roi, 5 digits>.png`, an index by mask.
   */
  shards(name: string, options?: { readonly layout?: ShardLayoutName }): ShardWriter
}

export interface ParquetOptions {
  readonly format: 'parquet'
  /** 'none' for readers without Zstandard. @default 'zstd' */
  readonly compression?: Compression
}
export type RecordOptions = ParquetOptions | { readonly format?: 'jsonl' }

export interface CheckpointOptions {
  /** Files of the workspace that belong to the state; those that did not change are not stored again. */
  readonly files?: readonly string[]
  /** At most this often. @default '1 min' */
  readonly every?: Duration
}

/** What `setup` is given. The current directory is the folder of the served file. */
export interface Boot {
  /** That folder. */
  readonly folder: string
  readonly log: Log
}
