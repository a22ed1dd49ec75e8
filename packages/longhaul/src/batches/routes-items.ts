import { Readable } from 'node:stream'
import { batchItemList, batchItemStatusFilter, type BatchItemStatus } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { sendWithEtag } from '../jobs/routes-etag.ts'
import { attachment } from '../support/attachment.ts'
import { laxInteger, parseRequest } from '../validation/index.ts'
import { findBatch } from './find-batch.ts'
import { listItems } from './list-items.ts'
import { resultsAsJsonLines, resultsAsParquet } from './results-table.ts'

const query = z.object({
  /** Words separated by commas. */
  status: z.string().optional(),
  /** Failed items with one of these problems, separated by commas. */
  code: z.string().max(1000).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'Input should be a cursor that a list answered')
    .transform(Number)
    .optional(),
  limit: laxInteger(z.number().multipleOf(1).min(1).default(100)),
})
const maxLimit = 500
const tables = [
  { ending: 'jsonl', mediaType: 'application/x-ndjson', read: resultsAsJsonLines },
  { ending: 'parquet', mediaType: 'application/vnd.apache.parquet', read: resultsAsParquet },
] as const

/** A batch's items page by page, and the results of those that have ended as one table. */
export const batchItemRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/batches/:id/items',
    {
      schema: {
        tags: ['batches'],
        summary: 'Items in their order, each with its state, inputs and outputs',
        querystring: query,
        response: { 200: batchItemList },
      },
    },
    async (request, reply) => {
      const batch = await findBatch(services, request)
      const { status, code, cursor = 0, limit } = request.query
      const size = Math.min(limit, maxLimit)
      const found = await listItems(
        services,
        batch,
        { statuses: statusesIn(status), codes: wordsIn(code) },
        { after: cursor, limit: size + 1 },
      )
      const items = found.slice(0, size)
      const next = found.length > size ? String(items.at(-1)?.item) : null
      return sendWithEtag(request, reply, { items, next })
    },
  )

  for (const { ending, mediaType, read } of tables)
    app.get(
      `/batches/:id/results.${ending}`,
      {
        exposeHeadRoute: false,
        config: { waits: true },
        schema: {
          tags: ['batches'],
          summary:
            'One table of every item that has ended: outputs, digests, times; valid at any moment',
        },
      },
      async (request, reply) => {
        const batch = await findBatch(services, request)
        void reply.type(mediaType)
        void reply.headers({
          'cache-control': 'private, no-cache',
          'content-disposition': attachment(`${batch.id}.${ending}`),
          'x-content-type-options': 'nosniff',
        })
        return reply.send(Readable.from(read(services, batch), { objectMode: false }))
      },
    )
}

const wordsIn = (text: string | undefined): readonly string[] | undefined => {
  const words = (text ?? '').split(',').map((word) => word.trim())
  return words.some(Boolean) ? words.filter(Boolean) : undefined
}

function statusesIn(text: string | undefined): readonly BatchItemStatus[] | undefined {
  const words = wordsIn(text)
  return (
    words &&
    parseRequest(z.object({ status: batchItemStatusFilter }), { status: words }, 'query').status
  )
}
