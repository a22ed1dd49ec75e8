const unitBytes = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const

type Unit = keyof typeof unitBytes
/** A size as an author writes it: `'4 GB'` is 4 × 10⁹ bytes, `'4 GiB'` is 4 × 2³⁰. */
export type ByteSize = `${number}${Unit}` | `${number} ${Unit}`

/** Bytes; throws a TypeError that says how to write one. */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(B|[kK]B|[MGT]B|[KMGT]iB)$/.exec(text.trim())
  const bytes = match ? Math.round(Number(match[1]) * unitBytes[match[2] as Unit]) : 0
  if (bytes <= 0 || bytes > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(
      `${JSON.stringify(text)} is no size; write a number and B, kB, MB, GB, TB (powers of 1,000) or KiB, MiB, GiB, TiB, like "4 GB"`,
    )
  }
  return bytes
}
