import { readFile } from 'node:fs/promises'

type Line = { readonly attempt: number } & (
  { readonly began: number } | { readonly ended: number; readonly ms: number }
)

/** What the processor itself wrote down of the steps it took. */
export interface Ledger {
  /** Different steps that were taken to their end. */
  readonly steps: number
  readonly longestStepMs: number
  /** For each attempt after the first: where it went on, and what had been done before and was done again. */
  readonly resumed: readonly {
    readonly attempt: number
    readonly from: number
    readonly repeatedSteps: number
    readonly repeatedMs: number
  }[]
}

export async function readLedger(file: string): Promise<Ledger> {
  const lines = (await readFile(file, 'utf8'))
    .split('\n')
    // A process may be killed in the middle of a line.
    .flatMap((text) => (text.endsWith('}') ? [JSON.parse(text) as Line] : []))
  const done = new Set<number>()
  const begun = new Set<number>()
  /** How long a step took when it was taken last. */
  const took = new Map<number, number>()
  const resumed: Ledger['resumed'][number][] = []
  let attempt = 1
  let again = new Set<number>()
  for (const line of lines) {
    if ('ended' in line) {
      done.add(line.ended)
      took.set(line.ended, line.ms)
      continue
    }
    if (line.attempt !== attempt) {
      attempt = line.attempt
      again = new Set([...begun].filter((step) => step >= line.began))
      resumed.push({
        attempt,
        from: line.began,
        repeatedSteps: again.size,
        repeatedMs: [...again].reduce((sum, step) => sum + (took.get(step) ?? 0), 0),
      })
    }
    begun.add(line.began)
  }
  return { steps: done.size, longestStepMs: Math.max(...took.values()), resumed }
}
