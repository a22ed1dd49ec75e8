import type { z } from 'zod'
import type { RecordOptions } from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import {
  jsonlFileName,
  journalName,
  parquetFileName,
  shardFileName,
  type RecordWriter,
  type Resumable,
  type ShardWriter,
  type WriterState,
} from '../../writers/index.ts'

type Records = RecordWriter<never> & Resumable
type Shards = ShardWriter & Resumable
type Entry = { readonly name: string } & (
  | { readonly kind: 'records'; readonly writer: Records }
  | { readonly kind: 'shards'; readonly writer: Shards }
)
export interface WantedRecords {
  readonly schema?: z.ZodType | undefined
  readonly options?: RecordOptions | undefined
}
interface OpenWriters {
  records(name: string, restored?: WriterState, wanted?: WantedRecords): Records
  shards(name: string, restored?: WriterState): Shards
}
/** How a writer stands in a checkpoint. */
type KeptState = WriterState & { readonly kind: Entry['kind']; readonly name: string }

export interface FlushedWriters {
  readonly writers: readonly JsonObject[]
  /** Their unfinished files, below the workspace. */
  readonly growing: readonly { readonly path: string; readonly size: number }[]
}

/** The writers of one attempt. Those of a checkpoint go on when the author asks for them again, or at the end at the latest. */
export class KeptWriters {
  readonly #restored: KeptState[]
  readonly #open: OpenWriters
  readonly #entries: Entry[] = []

  constructor(restored: readonly JsonObject[], open: OpenWriters) {
    this.#restored = [...restored] as unknown as KeptState[]
    this.#open = open
  }

  records(name: string, wanted?: WantedRecords): Records {
    const writer = this.#open.records(name, this.#take('records', name), wanted)
    this.#entries.push({ kind: 'records', name, writer })
    return writer
  }

  shards(name: string): Shards {
    const writer = this.#open.shards(name, this.#take('shards', name))
    this.#entries.push({ kind: 'shards', name, writer })
    return writer
  }

  async flush(pathOf: (fileName: string) => string): Promise<FlushedWriters> {
    const states: KeptState[] = [...this.#restored]
    for (const { kind, name, writer } of this.#entries)
      states.push({ kind, name, ...(await writer.flush()) })
    return {
      writers: states as unknown as JsonObject[],
      growing: states
        .flatMap(unfinishedFiles)
        .map(([name, size]) => ({ path: pathOf(name), size })),
    }
  }

  async finish(): Promise<void> {
    // What an earlier attempt wrote is not lost because this one had nothing to add.
    for (const { kind, name } of [...this.#restored]) this[kind](name)
    for (const { writer } of this.#entries) await writer.finish()
  }

  async abandon(): Promise<void> {
    await Promise.allSettled(this.#entries.map(({ writer }) => writer.abandon()))
  }

  #take(kind: KeptState['kind'], name: string): WriterState | undefined {
    const at = this.#restored.findIndex((state) => state.kind === kind && state.name === name)
    return at === -1 ? undefined : this.#restored.splice(at, 1)[0]
  }
}

function unfinishedFiles(state: KeptState): readonly (readonly [name: string, size: number])[] {
  const { kind, name, files, bytes, journal = 0 } = state
  if (bytes === undefined) return []
  const index = files - 1
  if (!state.table)
    return [[(kind === 'records' ? jsonlFileName : shardFileName)(name, index), bytes]]
  const fileName = parquetFileName(name, index)
  return [
    [fileName, bytes],
    [journalName(fileName), journal],
  ]
}
