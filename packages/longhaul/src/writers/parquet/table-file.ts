import { kinds, type Column } from './column.ts'
import type { Chunk } from './column-chunk.ts'
import { ThriftStruct } from './thrift.ts'

/** What a file begins and ends with. */
export const magic = Buffer.from('PAR1')
/** Named in every file; it changes when the same rows would give other bytes. */
const createdBy = 'longhaul version 1'

export interface PlacedGroup {
  readonly rows: number
  /** Its entry in the footer. */
  readonly metadata: Buffer
}

/** One Parquet file as far as it is written: how long it is, and what its footer will say. */
export class TableFile {
  readonly #columns: readonly Column[]
  readonly #groups: PlacedGroup[] = []
  #size = magic.length

  constructor(columns: readonly Column[]) {
    this.#columns = columns
  }

  get groups(): readonly PlacedGroup[] {
    return this.#groups
  }

  get size(): number {
    return this.#size
  }

  /** These groups are in the file, which is that long. */
  resume(size: number, groups: readonly PlacedGroup[]): void {
    this.#size = size
    this.#groups.push(...groups)
  }

  /** The bytes to append. */
  place(rows: number, chunks: readonly Chunk[]): readonly Buffer[] {
    const begin = this.#size
    const columns = chunks.map((chunk) => {
      const metadata = chunk.metadataAt(this.#size)
      this.#size += chunk.size
      return metadata
    })
    const metadata = new ThriftStruct()
      .structList(1, columns)
      .i64(
        2,
        chunks.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0),
      )
      .i64(3, rows)
      .i64(5, begin)
      .i64(6, this.#size - begin)
      .toBytes()
    this.#groups.push({ rows, metadata })
    return chunks.flatMap(({ bytes }) => bytes)
  }

  /** The end of the file. */
  footer(): Buffer {
    const metadata = new ThriftStruct()
      .i32(1, 1)
      .structList(2, schemaOf(this.#columns))
      .i64(
        3,
        this.#groups.reduce((sum, { rows }) => sum + rows, 0),
      )
      .structList(
        4,
        this.#groups.map((group) => group.metadata),
      )
      .binary(6, createdBy)
      // Readers that are not told how a column is ordered ignore its bounds.
      .structList(7, this.#columns.map(typeDefinedOrder))
      .toBytes()
    const length = Buffer.alloc(4)
    length.writeUInt32LE(metadata.length)
    return Buffer.concat([metadata, length, magic])
  }
}

const typeDefinedOrder = (): Buffer => new ThriftStruct().struct(1, new ThriftStruct()).toBytes()

function schemaOf(columns: readonly Column[]): readonly Buffer[] {
  const root = new ThriftStruct().binary(4, 'schema').i32(5, columns.length)
  return [root.toBytes(), ...columns.map(elementOf)]
}

function elementOf({ name, kind }: Column): Buffer {
  const { physical, convertedType, logicalType } = kinds[kind]
  const optional = 1
  const element = new ThriftStruct().i32(1, physical).i32(3, optional).binary(4, name)
  if (convertedType !== undefined) element.i32(6, convertedType)
  if (logicalType) element.struct(10, logicalType())
  return element.toBytes()
}
