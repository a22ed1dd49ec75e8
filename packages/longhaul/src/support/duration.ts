const unitMs = {
  ms: 1,
  s: 1000,
  sec: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const

type Unit = keyof typeof unitMs
/** A length of time as an author writes it: `'12 h'`, `'15 min'`, `'500ms'`. */
export type Duration = `${number}${Unit}` | `${number} ${Unit}`

/** Milliseconds; throws a TypeError that says how to write one. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|sec|min|h|d)$/.exec(text.trim())
  const ms = match ? Number(match[1]) * unitMs[match[2] as Unit] : 0
  if (ms <= 0 || ms > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(
      `${JSON.stringify(text)} is no duration; write a number and ms, s, min, h or d, like "12 h" or "15 min"`,
    )
  }
  return Math.round(ms)
}
