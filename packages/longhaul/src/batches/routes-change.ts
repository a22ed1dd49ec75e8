import { batchRetried, batchRetry, batchView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import type { ViewOf } from './batch-view.ts'
import { cancelBatch } from './cancel-batch.ts'
import { removeJobs, retryChanges } from '../jobs/index.ts'
import { findBatch } from './find-batch.ts'
import { removeBatch } from './remove-batch.ts'
import { retryItems } from './retry-items.ts'
import { tellNextEnd } from './tend-batches.ts'

/** Cancel, retry and delete. The first two answer with the batch as it is afterwards, and may be sent twice. */
export const batchChangeRoutes: FastifyPluginAsyncZod<{
  services: Services
  viewOf: ViewOf
  changed: (id: string) => void
}> = async (app, { services, viewOf, changed }) => {
  app.post(
    '/batches/:id/cancel',
    {
      schema: {
        tags: ['batches'],
        summary: 'Cancel what has not ended; what has completed stays',
        response: { 200: batchView },
      },
    },
    async (request) => {
      const batch = await findBatch(services, request)
      await cancelBatch(services, batch)
      changed(batch.id)
      return viewOf(await findBatch(services, request))
    },
  )

  app.delete(
    '/batches/:id',
    {
      schema: {
        tags: ['batches'],
        summary: 'Delete a batch that has ended, with its jobs and all that they made',
        response: { 204: z.void() },
      },
    },
    async (request, reply) => {
      const batch = await findBatch(services, request)
      const remove = {
        ...services,
        removeJobs: (ids: readonly string[]) => removeJobs(services, ids),
      }
      await removeBatch(remove, batch)
      changed(batch.id)
      request.log.info({ batch_id: batch.id, by: request.owner }, 'batch deleted')
      return reply.code(204).send()
    },
  )

  app.post(
    '/batches/:id/retry',
    {
      schema: {
        tags: ['batches'],
        summary: 'Queue failed items again, all or those with certain problems',
        body: batchRetry.optional(),
        response: { 200: batchRetried },
      },
    },
    async (request) => {
      const batch = await findBatch(services, request)
      const { only, from = 'checkpoint' } = request.body ?? {}
      const changes = retryChanges(services, request.body)
      const retried = await retryItems(services, batch, { only, from, changes }, request.scope)
      if (retried > 0) await tellNextEnd(services.database, batch)
      changed(batch.id)
      return { retried, batch: await viewOf(await findBatch(services, request)) }
    },
  )
}
