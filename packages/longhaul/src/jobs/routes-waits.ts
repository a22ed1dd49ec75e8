import { jobWaits } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import { findJob, jobNotFound } from './find-job.ts'
import { nativeWaits } from './projections/index.ts'
import { sendWithEtag } from './routes-etag.ts'

/** `GET /jobs/{id}/waits`. */
export const waitRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/jobs/:id/waits',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Why the job waited: intervals that sum to the wait before its first start',
        response: { 200: jobWaits },
      },
    },
    async (request, reply) => {
      const { id } = await findJob(services, request)
      const [waits, now] = await Promise.all([
        services.engine.waits(id, request.scope),
        services.engine.now(),
      ])
      if (waits === undefined) throw jobNotFound(id)
      return sendWithEtag(request, reply, nativeWaits(id, waits, now))
    },
  )
}
