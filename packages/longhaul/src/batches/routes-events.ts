import { isBatchFinished } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { beginEvents } from '../support/server-sent-events.ts'
import type { BatchRow, ItemJobRow } from './batch.ts'
import { positionOf, tellBatch, type BatchSource } from './batch-stream.ts'
import { itemOfJob, type ViewOf } from './batch-view.ts'
import { findBatch } from './find-batch.ts'
import { fileNamesOf } from './list-items.ts'

const maxStreams = 200
const page = 100
/** On PostgreSQL a transaction may commit after one that says a later time. */
const lookBackMs = { sqlite: 0, postgres: 2000 }
/** As `Last-Event-ID`, for who cannot send headers. */
const query = z.object({ after: z.string().max(100).optional() })

/** `GET /batches/{id}/events`: server-sent events until the batch has ended. */
export const batchEventRoutes: FastifyPluginAsyncZod<{
  services: Services
  viewOf: ViewOf
}> = async (app, { services, viewOf }) => {
  const { database } = services
  const stopping = new AbortController()
  const open = new Set<Promise<void>>()
  app.addHook('preClose', async () => {
    stopping.abort()
    await Promise.allSettled(open)
  })

  app.get(
    '/batches/:id/events',
    {
      exposeHeadRoute: false,
      config: { waits: true },
      schema: {
        tags: ['batches'],
        summary:
          'Counts as they change and items as they end (text/event-stream); Last-Event-ID continues',
        querystring: query,
      },
    },
    async (request, reply) => {
      const batch = await findBatch(services, request)
      const said = request.query.after ?? request.headers['last-event-id']
      const from = positionOf(String(said ?? ''))
      const source = sourceOf(batch)
      // To an EventSource, which reconnects after every end, 204 says that there is nothing to come back for.
      if (from.wasEnd && isBatchFinished((await viewOf(batch)).status)) {
        const [later] = await source.endedAfter(from)
        if (later === undefined) return reply.code(204).send()
      }
      if (open.size >= maxStreams)
        throw new LonghaulError(
          'unavailable',
          `${maxStreams} clients are following batches already; ask GET /batches/${batch.id} now and then instead.`,
          { facts: { retry_after_seconds: 10 } },
        )
      reply.hijack()
      beginEvents(reply.raw, reply.getHeaders())
      const work = tellBatch(source, reply.raw, from, stopping.signal)
        .catch((error: unknown) => {
          request.log.warn({ err: error, batch_id: batch.id }, 'following a batch failed')
          reply.raw.destroy()
        })
        .finally(() => open.delete(work))
      open.add(work)
      return reply
    },
  )

  function sourceOf({ id }: BatchRow): BatchSource {
    const find = async (): Promise<BatchRow | undefined> =>
      (await database.read<BatchRow>('batch.get', [id]))[0]
    return {
      lookBackMs: lookBackMs[database.dialect],
      read: async () => {
        const batch = await find()
        return batch && viewOf(batch)
      },
      endedAfter: async ({ at, item }) => {
        const batch = await find()
        if (batch === undefined) return []
        const files = fileNamesOf(services, batch)
        const rows = await database.read<ItemJobRow>('batch.ended-since', [id, at, item, page])
        return rows.map((row) => ({ at: row.completed_at ?? 0, view: itemOfJob(row, files) }))
      },
    }
  }
}
