import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { findJob } from './find-job.ts'
import { isTerminal } from './job.ts'
import { removeJobs } from './remove-job.ts'

/** `DELETE /jobs/{id}`: the job and everything it made. */
export const removeRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.delete(
    '/jobs/:id',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Delete a job that has ended, with its outputs, logs and checkpoints',
        response: { 204: z.void() },
      },
    },
    async (request, reply) => {
      const { id, state } = await findJob(services, request)
      if (!isTerminal(state))
        throw new LonghaulError(
          'job-not-finished',
          `Job ${id} is ${state}; cancel it first (POST /jobs/${id}/cancel), then delete it.`,
        )
      await removeJobs(services, [id])
      request.log.info({ job_id: id, by: request.owner }, 'job deleted')
      return reply.code(204).send()
    },
  )
}
