import { workerList, workerView, type WorkerView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { iso, nativeWorker } from './projections/index.ts'
import { sendWithEtag } from './routes-etag.ts'

/** Who works on the jobs, wherever they are. */
export const workerRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config, engine } = services
  const workers = async (): Promise<{ workers: WorkerView[]; now: string }> => {
    const [found, now] = await Promise.all([engine.workers(), engine.now()])
    const told = found.map((worker) => nativeWorker(worker, now, config.leaseMs))
    return { workers: told.sort((a, b) => (a.worker_id < b.worker_id ? -1 : 1)), now: iso(now) }
  }

  app.get(
    '/workers',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operator'],
        summary: 'Every worker: host, version, what it runs, and when it was last heard of',
        response: { 200: workerList },
      },
    },
    async (request, reply) => sendWithEtag(request, reply, await workers()),
  )

  app.post(
    '/workers/:worker/drain',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operator'],
        summary: 'Ask a worker to finish or checkpoint what it runs, and to claim no more',
        params: z.object({ worker: z.string() }),
        response: { 202: workerView },
      },
    },
    async (request, reply) => {
      const { worker: id } = request.params
      const asked = await engine.drainWorker(id)
      const { workers: known } = await workers()
      const worker = known.find(({ worker_id }) => worker_id === id)
      if (!asked || worker === undefined)
        throw new LonghaulError(
          'worker-not-found',
          `There is no worker ${id.slice(0, 128)}; GET /workers lists them.`,
          { facts: { workers: known.map(({ worker_id }) => worker_id) } },
        )
      request.log.info({ worker: id, by: request.owner }, 'drain requested')
      return reply.code(202).send(worker)
    },
  )
}
