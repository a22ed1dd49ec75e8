import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import type { JobWatch } from '../jobs/index.ts'
import { datasetRoutes } from './routes-datasets.ts'
import { factRoutes } from './routes-facts.ts'
import { largeRoutes } from './routes-large.ts'
import { statusRoutes } from './routes-status.ts'
import { uploadFormRoutes } from './routes-upload.ts'

/** The upload half of system E: `/api/upload/…`, and reads of datasets. */
export const portalRoutes: FastifyPluginAsyncZod<{
  services: Services
  watch: JobWatch
}> = async (app, { services, watch }) => {
  const unlimited = Number.MAX_SAFE_INTEGER // sessions have limits of their own
  await app.register(multipart, {
    preservePath: true, // what a name may be is decided where it is used
    limits: { fileSize: unlimited, fieldSize: 64 * 1024, fields: 100, files: 10, parts: 110 },
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 1024 * 1024 },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  await app.register(factRoutes, { services })
  await app.register(uploadFormRoutes, { services })
  await app.register(largeRoutes, { services, watch })
  await app.register(statusRoutes, { services })
  await app.register(datasetRoutes, { services })
}
