import type { z } from 'zod'
import { inTurn } from '../in-turn.ts'
import {
  numberedName,
  type RecordWriter,
  type Resumable,
  type WriterFiles,
  type WriterState,
} from '../record-writer.ts'
import type { Column, TableRow } from './column.ts'
import { columnsOf } from './columns-of.ts'
import type { Compression } from './column-chunk.ts'
import { RowGroup, type GroupLimits } from './row-group.ts'
import { UnfinishedFile, type KeptFile } from './unfinished-file.ts'

const extension = '.parquet'
const isOneFile = (name: string): boolean => name.endsWith(extension)

/** A name that ends in `.parquet` is one file of that name, however large; any other begins the names of a series. */
export const parquetFileName = (name: string, index: number): string =>
  isOneFile(name) ? name : numberedName(name, index, extension)

/**
 * Rows of a table in Parquet files, in row groups of equal size with statistics. The next file begins before
 * the compressed rows would pass `maxBytes`. Memory holds two row groups, whatever the number of rows. `restored` goes on
 * where that state was, with its columns when no schema is given.
 */
export function parquetWriter<R = unknown>(
  files: WriterFiles,
  name: string,
  options: {
    readonly maxBytes: number
    readonly schema?: z.ZodType | undefined
    /** @default 'zstd' */
    readonly compression?: Compression | undefined
    /** @default 65,536 rows or 16 MiB */
    readonly groups?: GroupLimits | undefined
    readonly restored?: WriterState | undefined
  },
): RecordWriter<R> & Resumable {
  const { schema, restored } = options
  const columns = columnsFor(name, schema, restored)
  const compression = options.compression ?? restored?.table?.compression ?? 'zstd'
  const maxBytes = isOneFile(name) ? Infinity : options.maxBytes
  const turn = inTurn()
  let count = restored?.count ?? 0
  let index = restored?.files ?? 0
  let current: UnfinishedFile | undefined
  let filling = new RowGroup(columns, options.groups)
  let writing: Promise<void> = Promise.resolve()

  const place = (): string => `Record ${count} of ${name}`

  async function openFile(): Promise<UnfinishedFile> {
    if (isOneFile(name) && index > 0)
      throw new Error(`${name} is one file, and it is finished: nothing can follow its end.`)
    return UnfinishedFile.create(files, parquetFileName(name, index++), columns)
  }

  async function reopenFile(kept: KeptFile): Promise<void> {
    const fileName = parquetFileName(name, index - 1)
    const { file, tail } = await UnfinishedFile.reopen(files, fileName, columns, kept)
    current = file
    for (const rows of tail) filling.restore(rows)
  }

  async function closeFile(): Promise<void> {
    const done = current
    current = undefined
    await done?.finish(files)
  }

  async function append(group: RowGroup): Promise<void> {
    const chunks = await group.encode(compression)
    const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0)
    if (current && !current.hasRoomFor(size, maxBytes)) await closeFile()
    current ??= await openFile()
    await current.append(group.rows, chunks)
  }

  /** Waits for the group before: one is compressed and written while the next fills. */
  function endGroup(): Promise<void> {
    const before = writing
    const full = filling
    filling = new RowGroup(columns, options.groups)
    writing = turn(() => append(full))
    writing.catch(() => undefined) // the next group or the end hears of it
    return before
  }

  const { bytes, journal = 0 } = restored ?? {}
  let reopening: Promise<void> | undefined
  if (bytes !== undefined) {
    reopening = turn(() => reopenFile({ bytes, journal })).then(() => (reopening = undefined))
    reopening.catch(() => undefined) // whoever writes or finishes hears of it
  }

  return {
    get count() {
      return count
    },
    async write(record) {
      if (reopening) await reopening // its rows come first
      filling.add(parse(record), place)
      count++
      if (filling.isFull) await endGroup()
    },
    async finish() {
      if (reopening) await reopening
      if (filling.rows > 0) await endGroup()
      await writing
      await turn(closeFile)
    },
    async flush() {
      if (reopening) await reopening
      // Taken at once: what is written meanwhile belongs to the next checkpoint.
      const rows = filling.takeNew()
      const soFar = count
      let state: WriterState = { count: 0, files: 0 }
      await writing
      await turn(async () => {
        if (rows) current ??= await openFile()
        const kept = await current?.keep(rows)
        state = { count: soFar, files: index, ...kept, table: { columns, compression } }
      })
      return state
    },
    abandon: async () => {
      await Promise.allSettled([reopening, writing])
      await current?.abandon()
      current = undefined
    },
  }

  function parse(record: unknown): TableRow {
    const parsed = schema ? schema.parse(record) : record
    if (typeof parsed === 'object' && parsed !== null) return parsed as TableRow
    throw new TypeError(`${place()} must be an object, got ${typeof parsed}`)
  }
}

function columnsFor(
  name: string,
  schema: z.ZodType | undefined,
  restored: WriterState | undefined,
): readonly Column[] {
  const kept = restored?.table?.columns
  const columns = schema ? columnsOf(schema, name) : kept
  if (!columns) throw new TypeError(`A Parquet table has typed columns: give ${name} a schema.`)
  const same = (kept ?? []).every(
    (column, at) => column.name === columns[at]?.name && column.kind === columns[at].kind,
  )
  if (restored && !(same && kept?.length === columns.length))
    throw new TypeError(`${name} has other columns than in the checkpoint from which it goes on.`)
  return columns
}
