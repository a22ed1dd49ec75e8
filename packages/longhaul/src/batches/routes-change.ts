import { batchRetried, batchRetry, batchView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import type { ViewOf } from './batch-view.ts'
import { cancelBatch } from './cancel-batch.ts'
import { findBatch } from './find-batch.ts'
import { retryItems } from './retry-items.ts'

/** Cancel and retry. Both answer with the batch as it is afterwards, and may be sent twice. */
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
      const retried = await retryItems(services, batch, { only, from }, request.scope)
      changed(batch.id)
      return { retried, batch: await viewOf(await findBatch(services, request)) }
    },
  )
}
