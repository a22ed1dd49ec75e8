import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import { attachment } from '../support/attachment.ts'
import { membersOf } from './archive/archive-members.ts'
import { tarOf } from './archive/tar.ts'
import { zipOf } from './archive/zip.ts'
import { findBatch } from './find-batch.ts'

const archives = [
  { ending: 'zip', mediaType: 'application/zip', make: zipOf },
  { ending: 'tar', mediaType: 'application/x-tar', make: tarOf },
] as const

/** Every output of a batch as one file, made while it is sent: what has completed by the time it comes to it. */
export const batchDownloadRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  for (const { ending, mediaType, make } of archives)
    app.get(
      `/batches/:id/outputs.${ending}`,
      {
        exposeHeadRoute: false,
        config: { waits: true },
        schema: {
          tags: ['batches'],
          summary: `All outputs of the items that have completed, as one ${ending.toUpperCase()}`,
        },
      },
      async (request, reply) => {
        const batch = await findBatch(services, request)
        void reply.type(mediaType)
        void reply.headers({
          'cache-control': 'no-store',
          'content-disposition': attachment(`${batch.id}.${ending}`),
          'x-content-type-options': 'nosniff',
        })
        return reply.send(Readable.from(make(membersOf(services, batch)), { objectMode: false }))
      },
    )
}
