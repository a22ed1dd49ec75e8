import { Counter, Gauge, type Registry } from 'prom-client'
import type { Services } from '../app/services.ts'

/**
 * What all processes together do, as the database has it: the same from each of them. Only the ends of attempts are this
 * process's own; sum those over the workers.
 */
export function fleetMetrics(
  registry: Registry,
  { config, database, engine, ends }: Services,
): void {
  const registers = [registry]
  const queues = onceAScrape(() => engine.queues())
  const workers = onceAScrape(() => engine.workers())

  new Gauge({
    name: 'longhaul_queue_oldest_ready_seconds',
    help: 'How long the job has waited that could run and has waited longest',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset()
      const now = await engine.now()
      for (const { queue, oldestReadyAt = now } of await queues())
        this.set({ queue }, Math.max(0, now - oldestReadyAt) / 1000)
    },
  })
  new Gauge({
    name: 'longhaul_queue_paused',
    help: '1 for a queue that the operator paused',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset()
      for (const { queue, paused } of await queues()) this.set({ queue }, paused ? 1 : 0)
    },
  })
  new Gauge({
    name: 'longhaul_workers',
    help: 'Workers by what they do; a silent one has not been heard of for a lease',
    labelNames: ['state'],
    registers,
    async collect() {
      const now = await engine.now()
      const counts = { working: 0, disk: 0, draining: 0, silent: 0 }
      for (const { seenAt, holding } of await workers())
        counts[now - seenAt > config.leaseMs ? 'silent' : (holding ?? 'working')] += 1
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'longhaul_leases_expired',
    help: 'Running jobs whose lease has passed and that no sweep has taken; above 0 for long is a fault',
    registers,
    async collect() {
      const now = await engine.now()
      const leases = (await workers()).flatMap(({ jobs }) => jobs)
      this.set(leases.filter(({ leaseExpiresAt }) => leaseExpiresAt < now).length)
    },
  })
  new Gauge({
    name: 'longhaul_callbacks',
    help: 'Callbacks that wait to be sent, and dead ones, which were given up',
    labelNames: ['state'],
    registers,
    async collect() {
      const [counts] = await database.read<{ waiting: number; dead: number }>('callback.counts', [])
      this.set({ state: 'waiting' }, Number(counts?.waiting ?? 0))
      this.set({ state: 'dead' }, Number(counts?.dead ?? 0))
    },
  })
  new Counter({
    name: 'longhaul_attempts_total',
    help: 'Attempts that ended in this process: completed, cancelled, released, lost, or the class of the failure',
    labelNames: ['processor', 'end'],
    registers,
    collect() {
      this.reset()
      for (const { processor, end, count } of ends.list()) this.inc({ processor, end }, count)
    },
  })
}

/** Several metrics of one scrape share an answer. */
function onceAScrape<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: { readonly at: number; readonly answer: Promise<T> } | undefined
  return () => {
    if (asked === undefined || performance.now() - asked.at > 200)
      asked = { at: performance.now(), answer: ask() }
    return asked.answer
  }
}
