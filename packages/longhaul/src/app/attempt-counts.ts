import type { JobEngine, Outcome } from '../jobs/engine.ts'
import { observeAttempts } from '../jobs/index.ts'
import type { JobId } from '../jobs/job.ts'

/** How attempts of this process ended, since its start. Words and numbers only: no ids. */
export class AttemptCounts {
  readonly #counts = new Map<string, { processor: string; end: string; count: number }>()

  add(processor: string, end: string): void {
    const key = `${processor}\n${end}`
    const entry = this.#counts.get(key) ?? { processor, end, count: 0 }
    this.#counts.set(key, { ...entry, count: entry.count + 1 })
  }

  /** `end`: completed, cancelled, released, or the class of the failure. */
  list(): readonly { readonly processor: string; readonly end: string; readonly count: number }[] {
    return [...this.#counts.values()]
  }
}

/** The same engine, which counts how the attempts end that a worker tells it of. */
export function countEnds(engine: JobEngine, counts: AttemptCounts): JobEngine {
  const processors = new Map<JobId, string>()
  return observeAttempts(engine, {
    began({ job }) {
      processors.set(job.id, job.processor)
    },
    ended(id, how) {
      const processor = processors.get(id)
      if (processor !== undefined) counts.add(processor, typeof how === 'string' ? how : endOf(how))
      processors.delete(id)
    },
  })
}

const endOf = (outcome: Outcome): string =>
  outcome.kind === 'failed' ? outcome.problem.code : outcome.kind
