import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { beginEvents } from '../support/server-sent-events.ts'
import { laxInteger } from '../validation/index.ts'
import type { Followed } from './event-stream.ts'
import type { EventStreams } from './event-streams.ts'
import { findJob, findJobs } from './find-job.ts'
import { isTerminal, type Job } from './job.ts'

const maxStreams = 2000
const maxJobs = 200
const query = z.object({ after: laxInteger(z.int().min(0).optional()) })
const manyQuery = z.object({
  jobs: z.string().transform((text) => [...new Set(text.split(',').filter(Boolean))]),
  /** As `Last-Event-ID`, for who cannot send headers. */
  after: z.string().optional(),
})

/** `GET /jobs/{id}/events` and `GET /events?jobs=`: server-sent events until the job, or every one of them, has ended. */
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
      return answer(reply, [job], [after])
    },
  )

  app.get(
    '/events',
    {
      exposeHeadRoute: false,
      config: { waits: true },
      schema: {
        tags: ['jobs'],
        summary: `Events of up to ${maxJobs} jobs in one stream; Last-Event-ID continues all of them`,
        querystring: manyQuery,
      },
    },
    async (request, reply) => {
      const { jobs: ids, after } = request.query
      if (ids.length === 0 || ids.length > maxJobs)
        throw new LonghaulError(
          'bad-request',
          `Name 1 to ${maxJobs} jobs: /events?jobs=<id>,<id>; these are ${ids.length}.`,
        )
      const jobs = await findJobs(services, request, ids)
      const header = request.headers['last-event-id']
      return answer(reply, jobs, positionsOf(after ?? String(header ?? ''), ids.length))
    },
  )

  function answer(reply: FastifyReply, jobs: readonly Job[], after: readonly number[]) {
    const followed = jobs.map((job, n): Followed => ({ jobId: job.id, after: after[n] ?? 0 }))
    // To an EventSource, which reconnects after every end, 204 says that there is nothing to come back for.
    const isOver = jobs.every(({ state, eventNo }, n) => isTerminal(state) && after[n] === eventNo)
    if (isOver) return reply.code(204).send()
    if (streams.size >= maxStreams)
      throw new LonghaulError(
        'unavailable',
        `${maxStreams} clients are watching already; ask GET /jobs/${jobs[0]?.id} now and then instead.`,
        { facts: { retry_after_seconds: 10 } },
      )
    reply.hijack()
    beginEvents(reply.raw, reply.getHeaders())
    streams.open(reply.raw, followed)
    return reply
  }
}

/** `4,0,17`; of anything else the stream begins at the beginning. */
function positionsOf(id: string, count: number): readonly number[] {
  const positions = id.split(',').map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : 0))
  return positions.length === count ? positions : []
}
