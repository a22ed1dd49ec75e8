import type { FeatureName } from '../src/index.ts'

/** One line of `features_v4.csv`. */
export interface FeatureRow {
  readonly roi: number
  /** NaN where the field is empty. */
  readonly value: (name: FeatureName) => number
}

export function parseFeatureRows(csv: string): FeatureRow[] {
  const [header = '', ...lines] = csv.trimEnd().split('\n')
  const names = header.split(',')
  const columns = new Map(names.map((name, column) => [name, column]))
  return lines.map((line) => {
    const cells = line.split(',')
    return {
      roi: Number(cells[0]),
      value: (name) => Number(cells[columns.get(name) ?? -1] || NaN),
    }
  })
}
