import { ThriftStruct } from './thrift.ts'

export type ColumnKind = 'boolean' | 'int64' | 'double' | 'string' | 'timestamp' | 'json'
/** Every column may hold nulls. */
export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

/** One row, by the names of its columns. */
export type TableRow = Readonly<Record<string, unknown>>

/** What a column stores: text for `string` and `json`, milliseconds for `timestamp`, 0 or 1 for `boolean`. */
export type Cell = number | bigint | string | null

/** How the file stores values: the numbers are those of the format. */
export const physical = { boolean: 0, int64: 2, double: 5, bytes: 6 } as const
export type Physical = (typeof physical)[keyof typeof physical]

interface Kind {
  readonly physical: Physical
  /** What is expected, for a complaint. */
  readonly words: string
  /** Undefined when the value is no such thing. */
  readonly cellOf: (value: unknown) => Cell | undefined
  /** What a reader makes of it: the old word and the new one. */
  readonly convertedType?: number
  readonly logicalType?: () => ThriftStruct
}

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n }

export const kinds: Readonly<Record<ColumnKind, Kind>> = {
  boolean: {
    physical: physical.boolean,
    words: 'true or false',
    cellOf: (value) => (typeof value === 'boolean' ? Number(value) : undefined),
  },
  int64: {
    physical: physical.int64,
    words: 'a whole number that is exact (a bigint beyond 2^53)',
    cellOf: (value) => {
      if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
      if (typeof value !== 'bigint') return undefined
      return value >= int64.least && value <= int64.most ? value : undefined
    },
  },
  double: {
    physical: physical.double,
    words: 'a number',
    cellOf: (value) => (typeof value === 'number' ? value : undefined),
  },
  string: {
    physical: physical.bytes,
    words: 'text',
    cellOf: (value) => (typeof value === 'string' ? value : undefined),
    convertedType: 0,
    logicalType: () => new ThriftStruct().struct(1, new ThriftStruct()),
  },
  timestamp: {
    physical: physical.int64,
    words: 'a date',
    cellOf: (value) => {
      const ms = value instanceof Date ? value.getTime() : NaN
      return Number.isNaN(ms) ? undefined : ms
    },
    convertedType: 9,
    logicalType: () => {
      const milliseconds = new ThriftStruct().struct(1, new ThriftStruct())
      return new ThriftStruct().struct(8, new ThriftStruct().bool(1, true).struct(2, milliseconds))
    },
  },
  json: {
    physical: physical.bytes,
    words: 'what JSON can say',
    cellOf: (value) => {
      try {
        return JSON.stringify(value)
      } catch {
        return undefined // it contains itself, or a bigint
      }
    },
    convertedType: 19,
    logicalType: () => new ThriftStruct().struct(12, new ThriftStruct()),
  },
}
