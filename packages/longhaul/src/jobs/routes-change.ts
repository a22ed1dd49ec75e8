import { callableJob, jobView, retryRequest, systemAJob, systemBJob } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { findJob, jobNotFound } from './find-job.ts'
import { projectJob } from './projections/index.ts'
import { retryChanges } from './retry-changes.ts'

const query = z.object({ view: z.enum(['native']).optional() })
const answer = { 200: z.union([jobView, systemAJob, systemBJob, callableJob]) }

/** Cancel and retry. Both answer with the job as it is afterwards, and may be sent twice. */
export const changeRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { engine } = services

  app.post(
    '/jobs/:id/cancel',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Cancel: a waiting job at once, a running one as soon as its processes are gone',
        querystring: query,
        response: answer,
      },
    },
    async (request) => {
      const { id, state } = await findJob(services, request)
      const [outcome] = await engine.requestCancel([id], { scope: request.scope })
      if (outcome === undefined || outcome.kind === 'unknown') throw jobNotFound(id)
      const ended = outcome.state ?? state
      if (outcome.kind === 'finished' && ended !== 'cancelled')
        throw new LonghaulError(
          'job-finished',
          `Job ${id} has ${ended}; there is nothing to cancel.`,
        )
      return projectJob(await findJob(services, request), request.query.view)
    },
  )

  app.post(
    '/jobs/:id/retry',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Queue an ended job again, under the same id',
        querystring: query,
        body: retryRequest.optional(),
        response: answer,
      },
    },
    async (request) => {
      const changes = retryChanges(services, request.body)
      const { id, state } = await findJob(services, request)
      const from = request.body?.from ?? 'checkpoint'
      const [outcome] = await engine.retry([id], from, request.scope, changes)
      if (outcome === undefined || outcome.kind === 'unknown') throw jobNotFound(id)
      if (outcome.kind === 'not-finished')
        throw new LonghaulError(
          'job-not-finished',
          `Job ${id} is ${state}; only a job that has ended can be retried.`,
        )
      return projectJob(await findJob(services, request), request.query.view)
    },
  )
}
