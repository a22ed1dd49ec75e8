/** Types of Thrift's compact protocol, as far as Parquet's metadata needs them. */
const wire = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

/** Seven bits a byte, the lowest first. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

const zigzag = (value: number): Buffer => varint(value < 0 ? -2 * value - 1 : 2 * value)

const lengthAndBytes = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

/**
 * A struct as Thrift's compact protocol writes it. Give the fields in the order of their ids, none of them more than 15 after
 * the one before; Parquet has no other.
 */
export class ThriftStruct {
  readonly #parts: Uint8Array[] = []
  #lastId = 0

  i32(id: number, value: number): this {
    return this.#field(id, wire.i32, zigzag(value))
  }

  i64(id: number, value: number): this {
    return this.#field(id, wire.i64, zigzag(value))
  }

  bool(id: number, value: boolean): this {
    return this.#field(id, value ? wire.true : wire.false)
  }

  binary(id: number, value: string | Uint8Array): this {
    return this.#field(id, wire.binary, lengthAndBytes(value))
  }

  struct(id: number, value: ThriftStruct): this {
    return this.#field(id, wire.struct, value.toBytes())
  }

  i32List(id: number, values: readonly number[]): this {
    return this.#list(id, wire.i32, values.map(zigzag))
  }

  binaryList(id: number, values: readonly string[]): this {
    return this.#list(id, wire.binary, values.map(lengthAndBytes))
  }

  /** Structs that are bytes already. */
  structList(id: number, values: readonly Uint8Array[]): this {
    return this.#list(id, wire.struct, values)
  }

  toBytes(): Buffer {
    return Buffer.concat([...this.#parts, Buffer.of(0)])
  }

  #list(id: number, type: number, values: readonly Uint8Array[]): this {
    const short = values.length < 15
    const head = short ? [(values.length << 4) | type] : [0xf0 | type, ...varint(values.length)]
    this.#field(id, wire.list, Buffer.from(head))
    for (const value of values) this.#parts.push(value)
    return this
  }

  #field(id: number, type: number, value?: Uint8Array): this {
    this.#parts.push(Buffer.of(((id - this.#lastId) << 4) | type))
    this.#lastId = id
    if (value) this.#parts.push(value)
    return this
  }
}
