import type { JobEngine } from '../jobs/engine.ts'
import type { Runner } from '../runners/runner.ts'

/**
 * The concurrency that processors ask for becomes the limit of their queues. With `keepLower` a lower limit stays: where
 * workers come and go, it is the operator's word, and a restart must not undo it.
 */
export async function limitQueues(
  engine: Pick<JobEngine, 'queues' | 'setQueue'>,
  runners: ReadonlyMap<string, Pick<Runner, 'description'>>,
  { keepLower }: { readonly keepLower: boolean },
): Promise<void> {
  const limits = new Map(
    (await engine.queues()).map(({ queue, maxRunning }) => [queue, maxRunning ?? Infinity]),
  )
  for (const { description } of runners.values()) {
    const { name, queue = name, concurrency } = description
    if (concurrency === undefined) continue
    if (keepLower && (limits.get(queue) ?? Infinity) < concurrency) continue
    await engine.setQueue(queue, { maxRunning: concurrency })
  }
}
