import type { Truth } from './images.ts'

/** A line of the results table, as far as it is checked. */
export interface ResultRow {
  readonly item: number
  readonly name: string
  readonly status: string
  readonly job_id: string
  readonly attempt: number
  readonly result: { readonly bright: number } | null
  readonly outputs: readonly { readonly sha256: string; readonly url: string }[]
}
export interface Verdict {
  readonly lost: number
  readonly doubled: number
  readonly wrong: number
}

/** Holds the table against what was drawn: every image once, with the pixels and the mask that it has. */
export function checkResults(
  rows: readonly ResultRow[],
  truths: ReadonlyMap<string, Truth>,
): Verdict {
  const seen = new Map<string, number>()
  let wrong = 0
  for (const row of rows) {
    if (row.status !== 'completed') continue
    seen.set(row.name, (seen.get(row.name) ?? 0) + 1)
    const truth = truths.get(row.name)
    const isRight =
      truth !== undefined &&
      row.result?.bright === truth.bright &&
      row.outputs.length === 1 &&
      row.outputs[0]?.sha256 === truth.maskSha256
    if (!isRight) wrong += 1
  }
  const jobs = rows.map(({ job_id }) => job_id)
  return {
    lost: [...truths.keys()].filter((name) => !seen.has(name)).length,
    doubled: rows.length - new Set(jobs).size + [...seen.values()].filter((n) => n > 1).length,
    wrong,
  }
}

export const parseRows = (text: string): ResultRow[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultRow)
