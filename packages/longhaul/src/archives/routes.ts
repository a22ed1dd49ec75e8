import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'

const started = z.object({
  job_id: z.string(),
  links: z.object({ self: z.string(), cancel: z.string(), logs: z.string() }),
})

/** An upload that is an archive, made into the files in it. */
export const archiveRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.post(
    '/uploads/:upload_id/extract',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Make files of an archive',
        description:
          'Of a zip, tar, tar.gz or tar.zst that was uploaded. Answers a job, whose result names the files; they can be inputs of other jobs by their `uri`. The whole archive is checked before anything of it is stored: a job that fails with `archive-refused` says the `reason` and leaves nothing. With an `Idempotency-Key`, asked again it answers the same job.',
        params: z.object({ upload_id: z.string() }),
        headers: z.looseObject({ 'idempotency-key': z.string().min(1).max(255).optional() }),
        response: { 202: started },
      },
    },
    async (request, reply) => {
      const { owner, scope } = request
      const key = request.headers['idempotency-key']
      const { jobId } = await services.archives.start({
        owner,
        upload: { id: request.params.upload_id, of: scope === 'everyone' ? scope : owner },
        ...(typeof key === 'string' && { idempotencyKey: key }),
      })
      const self = `/jobs/${jobId}`
      void reply.code(202).header('location', self)
      return { job_id: jobId, links: { self, cancel: `${self}/cancel`, logs: `${self}/logs` } }
    },
  )
}
