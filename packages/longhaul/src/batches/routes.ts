import { batchList, batchSubmission, batchView, type BatchView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { checkCallback, processorFor } from '../jobs/index.ts'
import { sendWithEtag } from '../jobs/routes-etag.ts'
import { laxInteger } from '../validation/index.ts'
import type { BatchRow } from './batch.ts'
import { batchView as toView, type ViewOf } from './batch-view.ts'
import { itemCounter } from './count-items.ts'
import { createBatch } from './create-batch.ts'
import { feedBatch } from './feed-batches.ts'
import { findBatch } from './find-batch.ts'
import { batchOf, parseBatchBody } from './parse-batch.ts'
import { batchChangeRoutes } from './routes-change.ts'
import { batchDownloadRoutes } from './routes-download.ts'
import { batchEventRoutes } from './routes-events.ts'
import { batchItemRoutes } from './routes-items.ts'

/** Described here, checked in parse-batch: a hundred thousand items are looked at a few at a time. */
const submissionRoute = {
  schema: {
    tags: ['batches'],
    summary: 'Submit many jobs of one processor: a list, a manifest, or the objects below a prefix',
    body: batchSubmission,
    response: { 200: batchView, 201: batchView },
  },
  validatorCompiler: () => (data: unknown) => ({ value: data }),
}
const listQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'Input should be a cursor that a list answered')
    .transform(Number)
    .optional(),
  limit: laxInteger(z.number().multipleOf(1).min(1).default(20)),
})
const maxLimit = 100

/** Everything about batches, at the root and below a processor. */
export const batchRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { database } = services
  const counter = itemCounter(database)
  const viewOf: ViewOf = async (batch) => toView(batch, await counter.count(batch))

  app.post('/batches', submissionRoute, async (request, reply) => {
    const { processor: inPath } = request.params as { processor?: string }
    // Where the path names the processor, a bad name is said before anything about the body.
    if (inPath !== undefined) processorFor(services, inPath)
    const said = parseBatchBody(request.body)
    const { description } = processorFor(services, inPath ?? said.processor)
    checkCallback(services, said.callback_url || undefined, 'body')
    const { owner, scope } = request
    const { id, created } = await createBatch(services, {
      ...batchOf(said, description, keyIn(request.headers)),
      ...{ owner, scope },
    })
    const mine = { params: { id }, scope: { owner } }
    // Its first jobs start at once; whoever feeds batches goes on from there.
    if (created)
      await feedBatch(services, await findBatch(services, mine)).catch((error: unknown) =>
        services.log.warn({ err: error, batch_id: id }, 'its first jobs come later'),
      )
    void reply.header('location', `/batches/${id}`)
    return reply.code(created ? 201 : 200).send(await viewOf(await findBatch(services, mine)))
  })

  app.get(
    '/batches',
    {
      schema: {
        tags: ['batches'],
        summary: 'Batches, newest first',
        querystring: listQuery,
        response: { 200: batchList },
      },
    },
    async (request) => {
      const { cursor = Number.MAX_SAFE_INTEGER, limit } = request.query
      const { processor } = request.params as { processor?: string }
      const size = Math.min(limit, maxLimit)
      const params = [cursor, size + 1]
      const { scope } = request
      const found =
        scope === 'everyone'
          ? await database.read<BatchRow>('batch.page', params)
          : await database.read<BatchRow>('batch.page-of-owner', [...params, scope.owner])
      const page = found.slice(0, size)
      const batches: BatchView[] = []
      for (const batch of page)
        if (processor === undefined || processor === batch.processor)
          batches.push(await viewOf(batch))
      return { batches, next: found.length > size ? String(page.at(-1)?.seq) : null }
    },
  )

  app.get(
    '/batches/:id',
    {
      schema: {
        tags: ['batches'],
        summary: 'One batch: how many of its items are where, and why some failed',
        response: { 200: batchView },
      },
    },
    async (request, reply) =>
      sendWithEtag(request, reply, await viewOf(await findBatch(services, request))),
  )

  await app.register(batchEventRoutes, { services, viewOf })
  await app.register(batchItemRoutes, { services })
  await app.register(batchDownloadRoutes, { services })
  await app.register(batchChangeRoutes, { services, viewOf, changed: counter.forget })
}

function keyIn(headers: Readonly<Record<string, unknown>>): string | undefined {
  const key = headers['idempotency-key']
  if (typeof key !== 'string' || key.length <= 255) return typeof key === 'string' ? key : undefined
  throw new LonghaulError('bad-request', 'An Idempotency-Key has at most 255 characters.')
}
