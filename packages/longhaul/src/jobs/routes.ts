import type { FastifyPluginAsync } from 'fastify'
import type { Services } from '../app/services.ts'
import type { EventStreams } from './event-streams.ts'
import type { JobSockets } from './job-sockets.ts'
import { changeRoutes } from './routes-change.ts'
import { eventRoutes } from './routes-events.ts'
import { listRoutes } from './routes-list.ts'
import { logRoutes } from './routes-logs.ts'
import { outputRoutes } from './routes-outputs.ts'
import { progressRoutes } from './routes-progress.ts'
import { removeRoutes } from './routes-remove.ts'
import { waitRoutes } from './routes-waits.ts'

/** Everything below `/jobs` except making one. */
export const jobRoutes: FastifyPluginAsync<{
  services: Services
  streams: EventStreams
  sockets: JobSockets
}> = async (app, options) => {
  await app.register(listRoutes, options)
  await app.register(changeRoutes, options)
  await app.register(removeRoutes, options)
  await app.register(waitRoutes, options)
  await app.register(logRoutes, options)
  await app.register(outputRoutes, options)
  await app.register(eventRoutes, options)
  await app.register(progressRoutes, options)
}
