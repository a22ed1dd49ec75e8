import { existsSync, mkdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { z } from 'zod'
import {
  markOutputFile,
  PermanentError,
  type OutputData,
  type OutputFile,
  type Outputs,
  type RecordOptions,
} from '../../processor/index.ts'
import { jsonlWriter, parquetWriter, shardWriter, type WriterFiles } from '../../writers/index.ts'
import type { RunMessage } from '../messages.ts'
import { isOutputName } from '../output-name.ts'
import type { Channel } from './channel.ts'
import { KeptWriters, type FlushedWriters } from './kept-writers.ts'

/** The outputs of one attempt: files below `<workspace>/outputs`, given away as soon as they are complete. */
export class AttemptOutputs {
  readonly #channel: Channel
  readonly #folder: string
  readonly #signal: AbortSignal
  readonly #writing = new Set<Promise<unknown>>()
  readonly #promised = new Map<string, { file: OutputFile; mediaType: string | undefined }>()
  readonly #writers: KeptWriters
  #closed = false

  constructor(
    channel: Channel,
    run: Pick<RunMessage, 'workspace' | 'limits' | 'restored_writers'>,
    signal: AbortSignal,
  ) {
    this.#channel = channel
    this.#folder = path.join(run.workspace, 'outputs')
    this.#writers = new KeptWriters(run.restored_writers ?? [], {
      records: (name, restored, { schema, options } = {}) => {
        const common = { maxBytes: run.limits.records_file_bytes, schema, restored }
        const wasTable = restored?.table !== undefined
        const isTable = options ? options.format === 'parquet' : wasTable
        if (restored && isTable !== wasTable)
          throw new TypeError(`${name} has another format in the checkpoint from which it goes on.`)
        if (!isTable) return jsonlWriter(this.#files, name, common)
        const compression = options?.format === 'parquet' ? options.compression : undefined
        return parquetWriter(this.#files, name, { ...common, compression })
      },
      shards: (name, restored) =>
        shardWriter(this.#files, name, { maxBytes: run.limits.shard_bytes, restored }),
    })
    this.#signal = signal
  }

  /** What the author sees. */
  readonly forAuthor: Outputs = {
    write: (name, data, options) => this.#track(this.#write(name, data, options?.mediaType)),
    path: (name, options) => this.#promise(name, options?.mediaType),
    records: (name: string, schema?: z.ZodType, options: RecordOptions = {}) => {
      const format: string = options.format ?? 'jsonl'
      if (format !== 'jsonl' && format !== 'parquet')
        throw new PermanentError(
          `records(${JSON.stringify(name)}) writes 'jsonl' or 'parquet', not ${JSON.stringify(format)}`,
        )
      this.#checkOpen()
      try {
        return this.#writers.records(checked(name), { schema, options })
      } catch (error) {
        // Another attempt would find the same schema no table, or no match for the checkpoint.
        throw error instanceof TypeError ? new PermanentError(error.message) : error
      }
    },
    shards: (name) => {
      this.#checkOpen()
      return this.#writers.shards(checked(name))
    },
  }

  /** First step of a checkpoint: all that was written is in its file, and every finished file is given away. */
  async flush(): Promise<FlushedWriters> {
    await Promise.all(this.#writing)
    return this.#writers.flush((name) => path.join('outputs', name))
  }

  /** After run has returned: writes what is unfinished, gives away what was promised and is there. */
  async finish(returned: ReadonlySet<OutputFile>): Promise<void> {
    await Promise.all(this.#writing)
    await this.#writers.finish()
    for (const { file, mediaType } of this.#promised.values()) {
      if (existsSync(file.path)) this.#give(file.name, file.path, mediaType)
      else if (returned.has(file))
        throw new PermanentError(
          `The result holds outputs.path(${JSON.stringify(file.name)}), but nothing was written to that path.`,
        )
    }
  }

  /** From now on nothing is taken: what the author left running must not write into a later attempt. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writers.abandon()
  }

  readonly #files: WriterFiles = {
    pathFor: (name) => this.#place(name),
    give: async (name, file, mediaType) => this.#give(name, file, mediaType),
  }

  async #write(name: string, data: OutputData, mediaType?: string): Promise<OutputFile> {
    checkData(name, data)
    const file = await this.#place(name)
    await writeFile(file, data, { signal: this.#signal })
    this.#give(name, file, mediaType)
    return outputFile(name, file)
  }

  #promise(name: string, mediaType: string | undefined): OutputFile {
    this.#checkOpen()
    const before = this.#promised.get(checked(name))
    if (before) return before.file
    const file = outputFile(name, path.join(this.#folder, name))
    mkdirSync(path.dirname(file.path), { recursive: true })
    this.#promised.set(name, { file, mediaType })
    return file
  }

  async #place(name: string): Promise<string> {
    this.#checkOpen()
    const file = path.join(this.#folder, checked(name))
    await mkdir(path.dirname(file), { recursive: true })
    return file
  }

  #give(name: string, file: string, mediaType: string | undefined): void {
    this.#checkOpen()
    this.#channel.send({
      type: 'output',
      name,
      path: file,
      ...(mediaType === undefined ? {} : { media_type: mediaType }),
    })
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('The attempt has ended; its outputs are closed.')
  }

  /** A write that nobody awaits must still end before the result, and fail the attempt if it fails. */
  #track<T>(writing: Promise<T>): Promise<T> {
    this.#writing.add(writing)
    writing.then(
      () => this.#writing.delete(writing),
      () => undefined,
    )
    return writing
  }
}

function outputFile(name: string, file: string): OutputFile {
  return markOutputFile({ name, path: file, toJSON: () => ({ $output: name }) })
}

function checked(name: string): string {
  if (isOutputName(name)) return name
  throw new PermanentError(
    `The output name ${JSON.stringify(String(name).slice(0, 200))} cannot be used: give a plain relative name like "masks/a.png".`,
  )
}

function checkData(name: string, data: unknown): void {
  const usable =
    typeof data === 'string' ||
    ArrayBuffer.isView(data) ||
    (typeof data === 'object' && data !== null && Symbol.asyncIterator in data)
  if (usable) return
  const hint = data instanceof Promise ? '; did you forget "await"?' : ''
  throw new PermanentError(
    `outputs.write(${JSON.stringify(name)}) takes a string, bytes or a stream, got ${data instanceof Promise ? 'a promise' : typeof data}${hint}`,
  )
}
