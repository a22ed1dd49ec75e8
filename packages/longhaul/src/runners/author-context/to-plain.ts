import { PermanentError } from '../../processor/index.ts'
import type { Json } from '../../support/json.ts'

/**
 * Whatever a callable returned, as JSON: what JSON cannot say becomes text, a number that is none null, a set a list. Throws
 * for what contains itself.
 */
export function toPlain(value: unknown, where = 'the result', above: readonly object[] = []): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'undefined':
      return null
    case 'bigint':
    case 'symbol':
    case 'function':
      return String(value)
    case 'object':
      return value === null ? null : ofObject(value, where, above)
  }
}

function ofObject(value: object, where: string, above: readonly object[]): Json {
  if (above.includes(value)) throw new PermanentError(`${where} contains itself.`)
  const inside = [...above, value]
  const plain = (item: unknown, key: string): Json => toPlain(item, `${where}.${key}`, inside)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Error) return String(value)
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return toPlain((value.toJSON as () => unknown)(), where, inside)
  const isList = Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)
  if (isList && Symbol.iterator in value)
    return Array.from(value as Iterable<unknown>, (item, n) => plain(item, String(n)))
  const entries: Iterable<readonly [unknown, unknown]> =
    value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)
  return Object.fromEntries(
    Array.from(entries, ([key, item]) => [String(key), plain(item, String(key))] as const),
  )
}
