import { commitOnce } from './commit-once.ts'
import { tellDependants } from './dependants.ts'
import type { Engine, Tx } from './tx.ts'

/** One operation; the dependants of jobs that ended by it have heard of it when this resolves. */
export async function commit<T>(engine: Engine, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { answer, ends } = await commitOnce(engine, work)
  // What was asked for has committed: a failure here is made good by the next sweep.
  if (ends.length > 0) await tellDependants(engine, ends).catch(() => undefined)
  return answer
}
