import path from 'node:path'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'

/** `/`: a page for people, and for programs the fields that any of the older services answered there. */
export const rootRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services: { config, runners } },
) => {
  app.get(
    '/',
    {
      config: { access: 'public' },
      schema: {
        tags: ['service'],
        summary: 'What this service is',
        response: { 200: z.looseObject({ status: z.literal('healthy'), version: z.string() }) },
      },
    },
    async (request, reply) => {
      void reply.header('vary', 'accept')
      if (request.headers.accept?.includes('text/html')) return reply.redirect('/docs')
      return reply.send({
        status: 'healthy' as const,
        name: config.serviceName,
        version: config.serviceVersion,
        message: `${config.serviceName} is running`,
        description: 'Processing functions as durable, queue-backed services.',
        docs: '/docs',
        redoc: '/redoc',
        openapi: '/openapi.json',
        processors: [...runners.values()].flatMap(({ description: { name, callable } }) =>
          callable === undefined ? [name] : [],
        ),
        endpoints: {
          processors: '/processors',
          jobs: '/jobs',
          uploads: '/uploads',
          ingest: '/ingest/start',
          health: '/health',
          metrics: '/metrics',
          ...(config.portal ? { upload: '/api/upload/upload', datasets: '/api/v1/datasets' } : {}),
          ...(config.callables.enabled ? { callables: '/callables', run: '/run/{task}' } : {}),
        },
        configuration: {
          max_concurrent_jobs: config.maxConcurrentJobs,
          max_inline_bytes: config.maxInlineBytes,
          max_upload_bytes: config.maxUploadBytes,
          ingest_part_size_bytes: config.ingestPartBytes,
          // Names that clients of system D read; where the folder lies is nobody's affair.
          ...(config.callables.enabled
            ? {
                MDPS_ENTRYPOINT: config.callables.entrypoint ?? 'Not set',
                QUANT_RUNS_DIR: path.basename(config.callables.runsDir),
              }
            : {}),
        },
        large_file_threshold_mb: 100,
      })
    },
  )
}
