import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { laxInteger } from '../validation/index.ts'
import type { EventStreams } from './event-streams.ts'
import { findJob } from './find-job.ts'
import { isTerminal } from './job.ts'

const maxStreams = 2000
const query = z.object({ after: laxInteger(z.int().min(0).optional()) })

/** `GET /jobs/{id}/events`: server-sent events until the job has ended. */
export const eventRoutes: FastifyPluginAsyncZod<{
  services: Services
  streams: EventStreams
}> = async (app, { services, streams }) => {
  app.get(
    '/jobs/:id/events',
    {
      exposeHeadRoute: false,
      config: { waits: true },
      schema: {
        tags: ['jobs'],
        summary: 'Events as they happen (text/event-stream); Last-Event-ID continues',
        querystring: query,
      },
    },
    async (request, reply) => {
      const job = await findJob(services, request)
      const header = Number(request.headers['last-event-id'])
      const after = request.query.after ?? (Number.isSafeInteger(header) ? header : 0)
      // To an EventSource, which reconnects after every end, 204 says that there is nothing to come back for.
      if (isTerminal(job.state) && after >= job.eventNo) return reply.code(204).send()
      if (streams.size >= maxStreams)
        throw new LonghaulError(
          'unavailable',
          `${maxStreams} clients are watching already; ask GET /jobs/${job.id} now and then instead.`,
          { facts: { retry_after_seconds: 10 } },
        )
      reply.hijack()
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no', // nginx would keep the events back
      })
      reply.raw.write('retry: 1000\n\n')
      streams.open(reply.raw, job.id, after)
      return reply
    },
  )
}
