import { readFile } from 'node:fs/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { parquetMetadata, parquetReadObjects, type Compressors } from 'hyparquet'
import { readParquet } from 'parquet-wasm'

export type Row = Readonly<Record<string, unknown>>

/** Zstandard and gzip by Node itself; of the reader's own there are none. */
const compressors: Compressors = {
  ZSTD: (input) => zstdDecompressSync(input),
  GZIP: (input) => gunzipSync(input),
}

/** What two readers that know nothing of each other, or of us, find in a file. */
export async function readWithBoth(file: string): Promise<{ hyparquet: Row[]; arrow: Row[] }> {
  return readBytesWithBoth(await readFile(file))
}

export async function readBytesWithBoth(
  bytes: Buffer,
): Promise<{ hyparquet: Row[]; arrow: Row[] }> {
  return { hyparquet: await readWithHyparquet(bytes), arrow: readWithArrow(bytes) }
}

/** A reader written in JavaScript. */
async function readWithHyparquet(bytes: Buffer): Promise<Row[]> {
  const rows = await parquetReadObjects({ file: wholeBuffer(bytes), compressors })
  return rows.map((row) => changed(row, (cell) => (cell instanceof Date ? cell.getTime() : cell)))
}

/** The reader of Apache Arrow, written in Rust. Columns of JSON are text to it. */
function readWithArrow(bytes: Buffer): Row[] {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream())
  return table.toArray().map((row) => ({ ...(row as { toJSON(): Row }).toJSON() }))
}

/** Row groups as the footer describes them. */
export async function footerOf(file: string) {
  return parquetMetadata(wholeBuffer(await readFile(file)))
}

const changed = (row: Row, change: (cell: unknown) => unknown): Row =>
  Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, change(cell)]))

const wholeBuffer = (bytes: Buffer): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
