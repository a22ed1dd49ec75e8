import { health, readiness } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { processorFor } from '../jobs/index.ts'
import { createHealthChecks } from './health-checks.ts'

const open = { access: 'public' } as const

/** Liveness says "do not restart me", readiness "send me work". Under a processor's prefix they speak of that one. */
export const healthRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config } = services
  const activeJobs = activeJobCount(services)
  const healthChecks = createHealthChecks(services)

  app.get(
    '/health',
    {
      config: open,
      schema: {
        tags: ['service', 'system A', 'system B', 'system E'],
        summary: 'Whether the service is alive',
        response: { 200: health },
      },
    },
    async (request) => ({
      status: 'healthy' as const,
      name: config.serviceName,
      version: versionFor(services, request.params),
      active_jobs: await activeJobs(),
      timestamp: new Date().toISOString(),
      // As clients of system E know them.
      upload_type: 'unified' as const,
      large_file_threshold_mb: 100,
      max_file_size_tb: config.maxUploadBytes / 1024 ** 4,
    }),
  )

  app.get(
    '/health/live',
    {
      config: open,
      schema: { tags: ['service'], response: { 200: z.object({ status: z.literal('alive') }) } },
    },
    async () => ({ status: 'alive' as const }),
  )

  app.get(
    '/health/ready',
    {
      config: open,
      schema: {
        tags: ['service'],
        summary:
          'Whether the service can take work: database, store, disk, clock, migrations, processors',
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const checks = await healthChecks()
      const ready = Object.values(checks).every(({ ok }) => ok)
      if (!ready) void reply.header('retry-after', '5')
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? ('ready' as const) : ('not-ready' as const), checks })
    },
  )
}

/** Asked for at most once a second, and never the reason why /health fails. */
function activeJobCount({ engine }: Services): () => Promise<number> {
  let last = { count: 0, at: 0 }
  return async () => {
    if (Date.now() - last.at < 1000) return last.count
    last = { ...last, at: Date.now() }
    try {
      const queues = await engine.queues()
      last = { ...last, count: queues.reduce((sum, { running }) => sum + running, 0) }
    } catch {
      // Readiness reports it.
    }
    return last.count
  }
}

function versionFor(services: Services, params: unknown): string {
  const { processor } = params as { processor?: string }
  if (processor === undefined) return services.config.serviceVersion
  return processorFor(services, processor).description.version
}
