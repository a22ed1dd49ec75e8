import type { FeatureName } from '../src/index.ts'

/** One line of `features_v4.csv`. */
export interface FeatureRow {
  readonly roi: number
  /** NaN where the field is empty. */
  readonly value: (name: FeatureName) => number
}

export function parseFeatureRows(csv: string): FeatureRow[] {
  const [header = '', ...lines] = csv.trimEnd().split('\n')
  const columns = new Map(header.split(',').map((name, column) => [name, column]))
  return lines.map((line) => {
    // As numbers: text of five thousand rows would be most of what the page needs.
    const cells = Float64Array.from(line.split(','), (cell) => (cell === '' ? NaN : Number(cell)))
    return {
      roi: cells[0] ?? NaN,
      value: (name) => cells[columns.get(name) ?? -1] ?? NaN,
    }
  })
}
