import { open, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises'
import type { WriterFiles } from '../record-writer.ts'
import type { Column } from './column.ts'
import type { Chunk } from './column-chunk.ts'
import { groupLine, readJournal, rowsLine } from './journal.ts'
import type { KeptRows } from './row-group.ts'
import { magic, TableFile } from './table-file.ts'

/** Beside an unfinished file that a checkpoint keeps. */
export const journalName = (fileName: string): string => `${fileName}.journal`

/** How long an unfinished file and its journal are. */
export interface KeptFile {
  readonly bytes: number
  readonly journal: number
}

/** A Parquet file that row groups are appended to. Until its footer is there no reader understands it. */
export class UnfinishedFile {
  readonly #name: string
  readonly #path: string
  readonly #handle: FileHandle
  readonly #table: TableFile
  #journalBytes = 0
  /** How many groups the journal knows. */
  #journaledGroups = 0

  private constructor(name: string, path: string, handle: FileHandle, columns: readonly Column[]) {
    this.#name = name
    this.#path = path
    this.#handle = handle
    this.#table = new TableFile(columns)
  }

  static async create(
    files: WriterFiles,
    name: string,
    columns: readonly Column[],
  ): Promise<UnfinishedFile> {
    const path = await files.pathFor(name)
    const handle = await open(path, 'w')
    await handle.appendFile(magic)
    return new UnfinishedFile(name, path, handle, columns)
  }

  /** What file and journal hold beyond `kept` is cut off. `tail`: the rows that were in no row group. */
  static async reopen(
    files: WriterFiles,
    name: string,
    columns: readonly Column[],
    kept: KeptFile,
  ): Promise<{ readonly file: UnfinishedFile; readonly tail: readonly KeptRows[] }> {
    const path = await files.pathFor(name)
    await truncate(path, kept.bytes)
    await truncate(journalName(path), kept.journal)
    const { groups, tail } = await readJournal(journalName(path))
    const file = new UnfinishedFile(name, path, await open(path, 'a'), columns)
    file.#table.resume(kept.bytes, groups)
    file.#journalBytes = kept.journal
    file.#journaledGroups = groups.length
    return { file, tail }
  }

  /** Whether `bytes` more go in. A group that is larger than a file has one to itself. */
  hasRoomFor(bytes: number, maxBytes: number): boolean {
    return this.#table.groups.length === 0 || this.#table.size + bytes <= maxBytes
  }

  async append(rows: number, chunks: readonly Chunk[]): Promise<void> {
    for (const bytes of this.#table.place(rows, chunks)) await this.#handle.appendFile(bytes)
  }

  /** Writes down what another attempt would need to go on, with these rows that are in no row group. */
  async keep(rows: KeptRows | undefined): Promise<KeptFile> {
    const groups = this.#table.groups.slice(this.#journaledGroups)
    const lines = groups.map(groupLine).join('') + (rows ? rowsLine(rows) : '')
    await writeFile(journalName(this.#path), lines, { flag: this.#journalBytes === 0 ? 'w' : 'a' })
    this.#journalBytes += Buffer.byteLength(lines)
    this.#journaledGroups = this.#table.groups.length
    return { bytes: this.#table.size, journal: this.#journalBytes }
  }

  async finish(files: WriterFiles): Promise<void> {
    await this.#handle.appendFile(this.#table.footer())
    await this.#handle.close()
    await rm(journalName(this.#path), { force: true })
    await files.give(this.#name, this.#path, 'application/vnd.apache.parquet')
  }

  abandon(): Promise<void> {
    return this.#handle.close()
  }
}
