/** ██████████████░░░░░░, `percent` of 100 full; full only when it is. */
export function bar(percent: number, width = 20): string {
  const share = Math.min(Math.max(percent, 0), 100) / 100
  const full = Math.floor(share * width + 1e-9)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** The bar and its share: `██████████████░░░░░░  71 %`, of one width, so that what follows does not jump. */
export const barWithPercent = (percent: number): string =>
  `${bar(percent)} ${String(Math.floor(Math.min(Math.max(percent, 0), 100) + 1e-9)).padStart(3)} %`
