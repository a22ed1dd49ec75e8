import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { Gauge, Histogram, Registry } from 'prom-client'
import type { Services } from '../app/services.ts'
import type { JobState } from '../jobs/job.ts'
import { fleetMetrics } from './fleet-metrics.ts'

const ended: readonly JobState[] = ['completed', 'failed', 'cancelled']

/**
 * `/metrics` for Prometheus. Labels are processor, state and class only: ids of jobs or owners would grow without end.
 */
export function serveMetrics(app: FastifyInstance, services: Services): void {
  const registry = new Registry()
  jobMetrics(registry, services)
  fleetMetrics(registry, services)
  processMetrics(registry)
  const lag = eventLoopLag(registry)
  app.addHook('onClose', async () => lag.stop())

  const requests = new Histogram({
    name: 'longhaul_http_request_seconds',
    help: 'Time to answer a request by class of its status, without streams and waits',
    labelNames: ['class'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.waits !== true) {
      const label = `${Math.floor(reply.statusCode / 100)}xx`
      requests.observe({ class: label }, reply.elapsedTime / 1000)
    }
    done()
  })

  app.get(
    '/metrics',
    { schema: { tags: ['service'], summary: 'Metrics for Prometheus' } },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  )
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes as long as a job does: says nothing about how fast the service is. */
    waits?: boolean
  }
}

function jobMetrics(registry: Registry, { engine, runners, broken }: Services): void {
  new Gauge({
    name: 'longhaul_jobs',
    help: 'Jobs by processor and state; ended ones until they are pruned, exact to 10,000',
    labelNames: ['processor', 'state'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { description } of runners.values()) {
        for (const state of ended) {
          const filter = {
            scope: 'everyone',
            processor: description.name,
            states: [state],
          } as const
          const { total } = await engine.list(filter, { limit: 1 })
          this.set({ processor: description.name, state }, total)
        }
      }
      // A queue is its processor's name unless the processor chose another.
      for (const { queue, queued, running, retryWait } of await engine.queues()) {
        this.set({ processor: queue, state: 'queued' }, queued)
        this.set({ processor: queue, state: 'running' }, running)
        this.set({ processor: queue, state: 'retry_wait' }, retryWait)
      }
    },
  })
  new Gauge({
    name: 'longhaul_processor_state',
    help: '1 for the state each processor is in',
    labelNames: ['processor', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [processor, runner] of runners)
        this.set({ processor, state: runner.state().kind }, 1)
      for (const { name } of broken) this.set({ processor: name, state: 'broken' }, 1)
    },
  })
}

function processMetrics(registry: Registry): void {
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory', () =>
    process.memoryUsage.rss(),
  )
  gauge(registry, 'process_start_time_seconds', 'Start, seconds since 1970', () =>
    Math.round(Date.now() / 1000 - process.uptime()),
  )
  gauge(registry, 'process_cpu_seconds_total', 'CPU time of this process', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
}

function eventLoopLag(registry: Registry): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  gauge(registry, 'longhaul_event_loop_lag_p99_seconds', 'Since the scrape before', () => {
    const seconds = delay.percentile(99) / 1e9
    delay.reset()
    return Number.isFinite(seconds) ? seconds : 0
  })
  return { stop: () => void delay.disable() }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}
