/** One promise in numbers, and what was seen. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'µs' | 'ms' | 'MB' | 'per second' | '×'
  readonly target: { readonly atMost: number } | { readonly atLeast: number }
  /** Whatever helps to judge the number: other percentiles, counts. */
  readonly beside?: string
}

export const meets = ({ value, target }: Figure): boolean =>
  'atMost' in target ? value <= target.atMost : value >= target.atLeast

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    meets(figure) ? 'ok' : 'MISSED',
    figure.name,
    `${figure.value.toFixed(figure.value < 10 ? 2 : figure.value < 100 ? 1 : 0)} ${figure.unit}`,
    'atMost' in figure.target ? `≤ ${figure.target.atMost}` : `≥ ${figure.target.atLeast}`,
    figure.beside ?? '',
  ])
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}

/** The value below which `share` of the sorted numbers lie. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN
}
