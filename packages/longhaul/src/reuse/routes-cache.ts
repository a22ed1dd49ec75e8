import { jobCache, type JobCache } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { findJob } from '../jobs/index.ts'
import { cacheOf } from './cache-of.ts'
import { provenanceName } from './provenance.ts'

/** `GET /jobs/{id}/cache` and `GET /jobs/{id}/provenance`. */
export const cacheRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/jobs/:id/cache',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Why no earlier result was used, by what differed; how often this one was',
        response: { 200: jobCache },
      },
    },
    async (request): Promise<JobCache> => cacheOf(services, await findJob(services, request)),
  )

  app.get(
    '/jobs/:id/provenance',
    {
      schema: {
        tags: ['jobs'],
        summary: 'Where the outputs came from: code, inputs, parameters, attempts, host',
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async (request, reply) => {
      const job = await findJob(services, request)
      const { config, storage } = services
      const key = `${config.resultsPrefix}/${job.id}/${provenanceName}`
      const outputs = job.result?.outputs ?? []
      const isThere =
        outputs.length > 0 &&
        outputs.every((output) => output.key !== key) &&
        (await storage.head(key)) !== undefined
      if (!isThere)
        throw new LonghaulError(
          'output-not-found',
          outputs.length === 0
            ? `Job ${job.id} is ${job.state} and has no outputs that could have come from anywhere.`
            : `There is no provenance beside the outputs of job ${job.id}.`,
        )
      const { body } = await storage.get(key)
      return reply.type('application/json').send(body as never)
    },
  )
}
