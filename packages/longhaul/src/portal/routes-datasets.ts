import {
  dataset,
  datasetStatus,
  datasetStatusView,
  jobView,
  type DatasetStatus,
} from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { iso, nativeJob } from '../jobs/index.ts'
import { datasetView } from './dataset-view.ts'
import { findDataset } from './find-dataset.ts'
import { settleUploads } from './settle-uploads.ts'

const tags = ['datasets', 'system E']
const params = z.object({ identifier: z.string() })

interface ChangeRow {
  readonly from_status: DatasetStatus | null
  readonly to_status: DatasetStatus
  readonly reason: string
  readonly at: number
}

/** Datasets, by UUID, slug, number or unique name. */
export const datasetRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { database, engine } = services
  const find = async (request: {
    readonly params: { readonly identifier: string }
    readonly scope: Parameters<typeof findDataset>[2]
  }) => {
    // What is over a moment ago shows at once.
    await settleUploads(services)
    return findDataset(services, request.params.identifier, request.scope)
  }

  app.get(
    '/api/v1/datasets/:identifier',
    { schema: { tags, summary: 'A dataset', params, response: { 200: dataset } } },
    async (request) => datasetView(services, await find(request)),
  )

  app.get(
    '/api/upload/datasets/:identifier',
    {
      schema: {
        tags,
        summary: 'Which dataset an identifier means',
        params,
        response: { 200: z.object({ identifier: z.string(), resolved_uuid: z.string(), dataset }) },
      },
    },
    async (request) => {
      const found = await find(request)
      return {
        identifier: request.params.identifier,
        resolved_uuid: found.uuid,
        dataset: await datasetView(services, found),
      }
    },
  )

  app.get(
    '/api/v1/datasets/:identifier/status',
    {
      schema: {
        tags,
        summary: "A dataset's status, and how it came to it",
        params,
        response: { 200: datasetStatusView },
      },
    },
    async (request) => {
      const found = await find(request)
      const changes = await database.read<ChangeRow>('dataset.changes', [found.uuid])
      return {
        uuid: found.uuid,
        status: datasetStatus.parse(found.status),
        error_message: found.error_message,
        updated_at: iso(found.updated_at),
        changes: changes.map(({ from_status: from, to_status: to, reason, at }) => ({
          ...{ from, to, reason, at: iso(at) },
        })),
      }
    },
  )

  app.get(
    '/api/v1/datasets/:identifier/jobs',
    {
      schema: {
        tags,
        summary: 'The jobs of a dataset: its uploads, and what rules made of its files',
        params,
        response: { 200: z.object({ jobs: z.array(jobView), total: z.int() }) },
      },
    },
    async (request) => {
      const found = await find(request)
      const ids = await database.read<{ id: string }>('dataset.jobs', [found.uuid])
      const jobs = await engine.get(
        ids.map(({ id }) => id),
        request.scope,
      )
      return { jobs: jobs.map(nativeJob), total: jobs.length }
    },
  )
}
