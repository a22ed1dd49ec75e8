/** How fast a transfer goes, and how long the rest will take at that speed. */
export interface Pace {
  readonly bytesPerSecond: number
  /** Undefined until something has moved. */
  readonly etaSeconds: number | undefined
}
/** Told the bytes that are safe, and all; the third says how fast. */
export type TransferProgress = (sentBytes: number, totalBytes: number, pace: Pace) => void

/** Adds the pace to what is told; what was there at the beginning says nothing about the speed. */
export function withPace(
  report: TransferProgress | undefined,
  now: () => number = Date.now,
): ((sentBytes: number, totalBytes: number) => void) | undefined {
  if (report === undefined) return undefined
  const startedAt = now()
  let startedBytes: number | undefined
  return (sent, total) => {
    startedBytes ??= sent
    const seconds = (now() - startedAt) / 1000
    const bytesPerSecond = seconds > 0 ? (sent - startedBytes) / seconds : 0
    report(sent, total, {
      bytesPerSecond,
      etaSeconds: bytesPerSecond > 0 ? (total - sent) / bytesPerSecond : undefined,
    })
  }
}
