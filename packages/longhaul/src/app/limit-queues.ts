import type { JobEngine } from '../jobs/engine.ts'
import type { Runner } from '../runners/runner.ts'

/**
 * The concurrency and the rate that processors ask for become the limits of their queues. With `keepLower` a lower limit stays: where
 * workers come and go, it is the operator's word, and a restart must not undo it.
 */
export async function limitQueues(
  engine: Pick<JobEngine, 'queues' | 'setQueue'>,
  runners: ReadonlyMap<string, Pick<Runner, 'description'>>,
  { keepLower }: { readonly keepLower: boolean },
): Promise<void> {
  const queues = await engine.queues()
  const limits = new Map(queues.map(({ queue, maxRunning }) => [queue, maxRunning ?? Infinity]))
  const rates = new Map(queues.map(({ queue, ratePerMinute }) => [queue, ratePerMinute]))
  for (const { description } of runners.values()) {
    const { name, queue = name, concurrency, rate_per_minute: ratePerMinute } = description
    if (
      ratePerMinute !== undefined &&
      !(keepLower && (rates.get(queue) ?? Infinity) < ratePerMinute)
    )
      await engine.setQueue(queue, { ratePerMinute })
    if (concurrency === undefined) continue
    if (keepLower && (limits.get(queue) ?? Infinity) < concurrency) continue
    await engine.setQueue(queue, { maxRunning: concurrency })
  }
}
