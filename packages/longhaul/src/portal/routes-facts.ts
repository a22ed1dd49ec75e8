import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { laxInteger } from '../validation/index.ts'
import { estimateTime, limitsOf, supportedSources } from './sources.ts'

const tags = ['datasets', 'system E']
const any = { 200: z.looseObject({}) }

/** What system E tells about itself before anything is uploaded. */
export const factRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services: { config, database, imports } },
) => {
  const limits = limitsOf(config)
  const summary = (text: string) => ({ schema: { tags, summary: text, response: any } })

  app.get(
    '/api/upload/supported-sources',
    summary('Kinds of sources and sensors, and what each source needs'),
    async () => supportedSources(imports.sources),
  )
  app.get(
    '/api/upload/limits',
    summary('Sizes and times that hold for uploads'),
    async () => limits,
  )
  app.get(
    '/api/upload/large/limits',
    summary('The same, for uploads in chunks'),
    async () => limits,
  )
  app.get(
    '/api/upload/estimate-time',
    {
      schema: {
        tags,
        summary: 'How long a transfer may take: a rule of thumb',
        querystring: z.object({
          source_type: z.string().max(64),
          file_size_mb: z.coerce.number().min(0),
        }),
        response: any,
      },
    },
    async ({ query }) => estimateTime(query.source_type, query.file_size_mb),
  )
  app.get(
    '/health/large-files',
    { config: { access: 'public' }, ...summary('Uploads in chunks that are under way') },
    async () => {
      const [open] = await database.read<{ n: number; bytes: number }>('portal.open-sessions', [])
      return {
        status: 'healthy',
        timestamp: new Date().toISOString(),
        active_uploads: open?.n ?? 0,
        temp_directory_size_mb: Math.round(((open?.bytes ?? 0) / (1024 * 1024)) * 100) / 100,
        max_file_size_tb: limits.max_file_size_tb,
        chunk_size_mb: limits.chunk_size_mb,
      }
    },
  )
}

export const pageQuery = z.object({
  limit: laxInteger(z.number().multipleOf(1).min(1).default(50)),
  offset: laxInteger(z.number().multipleOf(1).min(0).default(0)),
})
