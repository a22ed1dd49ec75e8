import type {} from '@fastify/websocket' // what a route may say of WebSockets
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { findJob } from './find-job.ts'
import { closeCode, type JobSockets } from './job-sockets.ts'

const maxSockets = 2000

/** `WS /jobs/{id}/progress`. What cannot be served is said by the code with which the socket is closed. */
export const progressRoutes: FastifyPluginAsyncZod<{
  services: Services
  sockets: JobSockets
}> = async (app, { services, sockets }) => {
  app.route({
    method: 'GET',
    url: '/jobs/:id/progress',
    exposeHeadRoute: false,
    config: { waits: true },
    schema: {
      tags: ['jobs', 'system A', 'system B'],
      summary: 'WebSocket: the job now and after every change, in the words of GET /jobs/{id}',
      params: z.looseObject({ id: z.string() }),
    },
    onRequest: async (request) => refuseOtherOrigins(request, services.config.publicUrl),
    handler: ({ params }) => {
      const { id } = params
      throw new LonghaulError(
        'upgrade-required',
        `Open a WebSocket here, or read GET /jobs/${id} or /jobs/${id}/events.`,
      )
    },
    wsHandler: async (socket, request) => {
      socket.on('error', () => socket.terminate()) // also before anybody else listens
      try {
        const job = await findJob(services, request)
        if (socket.readyState !== socket.OPEN) return // it left meanwhile, and will not say so again
        if (sockets.size >= maxSockets)
          socket.close(closeCode.tryLater, `${maxSockets} clients are watching already`)
        else sockets.open(socket, job.id)
      } catch (error) {
        const known = isLonghaulError(error, 'job-not-found')
        if (!known) request.log.error({ err: error }, 'a progress socket could not be opened')
        socket.close(known ? closeCode.refused : closeCode.tryLater, known ? error.message : '')
      }
    },
  })
}

/** Browsers let pages of any site open sockets to any other, and read what comes. Programs send no Origin. */
function refuseOtherOrigins(
  { headers, host }: FastifyRequest,
  publicUrl: string | undefined,
): void {
  const { origin } = headers
  if (origin === undefined || headers.authorization !== undefined) return
  const from = URL.parse(origin)?.host
  const own = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.host
  if (from === host || (from !== undefined && from === own)) return
  throw new LonghaulError('forbidden', `Pages of ${origin} may not open a WebSocket here.`)
}
