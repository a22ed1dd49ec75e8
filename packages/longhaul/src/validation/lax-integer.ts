import { z } from 'zod'

/**
 * An integer as older clients may send it (five-systems Y.2, 16): `"12"`, `"12.0"`, `" 12 "`, `"1_000"`, `12.0`, `true`.
 * Not 12.5, "1e3", or digits of other scripts. A repeated query parameter counts by its last value.
 */
export const laxInteger = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((given) => {
    const value: unknown = Array.isArray(given) ? given.at(-1) : given
    if (typeof value === 'boolean') return Number(value)
    if (typeof value !== 'string') return value
    return /^\s*[+-]?\d+(_\d+)*(\.0*)?\s*$/.test(value) ? Number(value.replaceAll('_', '')) : value
  }, schema)
