import { kinds, physical, type Column, type Physical } from './column.ts'
import { ThriftStruct } from './thrift.ts'

/** A bound longer than this helps no reader. */
const longestBound = 64

/**
 * The smallest and largest value of a chunk, by which readers skip what they do not look for. Of doubles the specification
 * says: "NaNs should not be written to min or max statistics fields", a maximum of zero is written as +0 and a minimum as −0.
 */
export function statisticsOf({ kind }: Column, values: Buffer, nulls: number): ThriftStruct {
  const statistics = new ThriftStruct().i64(3, nulls)
  const bounds = kind === 'json' ? undefined : boundsOf[kinds[kind].physical](values)
  if (!bounds) return statistics
  const [least, most] = bounds
  if (most.length <= longestBound) statistics.binary(5, most)
  if (least.length <= longestBound) statistics.binary(6, least)
  return statistics
}

type Bounds = readonly [least: Buffer, most: Buffer] | undefined

const boundsOf: Readonly<Record<Physical, (values: Buffer) => Bounds>> = {
  [physical.boolean]: (values) => {
    if (values.length === 0) return undefined
    return [Buffer.of(values.includes(0) ? 0 : 1), Buffer.of(values.includes(1) ? 1 : 0)]
  },
  [physical.double]: (values) => {
    const view = new DataView(values.buffer, values.byteOffset, values.length)
    let least = Infinity
    let most = -Infinity
    let found = false
    for (let at = 0; at < values.length; at += 8) {
      const value = view.getFloat64(at, true)
      if (Number.isNaN(value)) continue
      found = true
      if (value < least) least = value
      if (value > most) most = value
    }
    if (!found) return undefined
    const bounds = [Buffer.alloc(8), Buffer.alloc(8)] as const
    bounds[0].writeDoubleLE(least === 0 ? -0 : least)
    bounds[1].writeDoubleLE(most === 0 ? 0 : most)
    return bounds
  },
  [physical.int64]: (values) => {
    if (values.length === 0) return undefined
    const view = new DataView(values.buffer, values.byteOffset, values.length)
    let [least, most] = [0, 0]
    for (let at = 8; at < values.length; at += 8) {
      if (compareInt64(view, at, least) < 0) least = at
      else if (compareInt64(view, at, most) > 0) most = at
    }
    return [values.subarray(least, least + 8), values.subarray(most, most + 8)]
  },
  [physical.bytes]: (values) => {
    let [least, most]: [Buffer | undefined, Buffer | undefined] = [undefined, undefined]
    for (let at = 0; at < values.length;) {
      const end = at + 4 + values.readUInt32LE(at)
      const value = values.subarray(at + 4, end)
      if (!least || value.compare(least) < 0) least = value
      if (!most || value.compare(most) > 0) most = value
      at = end
    }
    return least && most ? [least, most] : undefined
  },
}

/** Halves instead of bigints: no garbage. */
function compareInt64(view: DataView, one: number, other: number): number {
  const high = view.getInt32(one + 4, true) - view.getInt32(other + 4, true)
  return high !== 0 ? high : view.getUint32(one, true) - view.getUint32(other, true)
}
