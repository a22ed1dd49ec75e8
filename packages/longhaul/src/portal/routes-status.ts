import { portalUpload, portalUploadList, portalUploadStatus } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { ownerIn } from './find-dataset.ts'
import type { PortalUploadRow } from './portal-statements.ts'
import { pageQuery } from './routes-facts.ts'
import { settleUploads } from './settle-uploads.ts'
import { findUpload, uploadView } from './upload-view.ts'

const tags = ['datasets', 'system E']
const params = z.object({ job_id: z.string() })
const maxLimit = 100
/** Checked where it is read: without a user the answer is 400, as it was. */
const listQuery = pageQuery.extend({
  user_id: z.string().optional(),
  user_email: z.string().optional(),
  status: portalUploadStatus.optional(),
})

/** How uploads and imports are doing, in the words of system E. */
export const statusRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { database, engine, uploads } = services

  app.get(
    '/api/upload/status/:job_id',
    {
      schema: {
        tags,
        summary: 'How an upload or an import is doing',
        params,
        response: { 200: portalUpload },
      },
    },
    async (request) =>
      uploadView(services, await findUpload(services, request.params.job_id, request.scope)),
  )

  app.get(
    '/api/upload/jobs',
    {
      schema: {
        tags,
        summary: "A user's uploads and imports, newest first",
        querystring: listQuery,
        response: { 200: portalUploadList },
      },
    },
    async (request) => {
      const { user_id, user_email, status, limit, offset } = request.query
      const user = user_id ?? user_email
      if (!user) throw new LonghaulError('bad-request', 'Say whose: user_id=<e-mail>.')
      const most = Math.min(limit, maxLimit)
      const asked = [ownerIn(request.scope), user, status ?? null]
      const [rows, [count]] = await Promise.all([
        database.read<PortalUploadRow>('portal.list', [...asked, most, Math.min(offset, 1e9)]),
        database.read<{ n: number }>('portal.count', asked),
      ])
      return {
        jobs: await Promise.all(rows.map((row) => uploadView(services, row))),
        total: count?.n ?? 0,
        limit: most,
        offset,
      }
    },
  )

  app.post(
    '/api/upload/cancel/:job_id',
    {
      schema: {
        tags,
        summary: 'Cancel: a running import stops, an upload that is not complete is discarded',
        params,
        response: { 200: z.object({ message: z.string() }) },
      },
    },
    async (request) => {
      const { job_id } = request.params
      const row = await findUpload(services, job_id, request.scope).catch(() => undefined)
      const gone = () => new LonghaulError('job-not-found', 'Job not found or already completed')
      if (row === undefined) throw gone()
      if (row.job_state === null) {
        if (row.session === null || row.word !== 'uploading') throw gone()
        await uploads.abort(row.session, 'everyone')
        await database.write([{ statement: 'portal.end', params: [row.id, 'cancelled'] }])
      } else {
        const [outcome] = await engine.requestCancel([row.id], { scope: request.scope })
        if (outcome?.kind !== 'cancelled' && outcome?.kind !== 'requested') throw gone()
        await settleUploads(services)
      }
      return { message: `Upload ${row.id} cancelled` }
    },
  )
}
