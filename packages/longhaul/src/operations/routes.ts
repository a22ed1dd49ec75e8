import {
  assetRequest,
  assetsRequest,
  operationResults,
  operationsStarted,
  resultsRequest,
  type OperationsStarted,
} from '@longhaul/protocol'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { zipOf } from '../batches/index.ts'
import { LonghaulError } from '../errors/index.ts'
import { baseUrlOf, checkCallback, preferredWaitSeconds, type JobWatch } from '../jobs/index.ts'
import { headerMediaType } from '../support/media-type.ts'
import {
  membersOf,
  orCancel,
  outputOf,
  waitForAssets,
  whyNone,
  type WaitedAsset,
} from './answer-now.ts'
import { operationAt, type FoundOperation } from './find-operation.ts'
import { flowResults } from './flow-results.ts'
import { parseAsset, parseAssets, parseFlowIds, type AssetsSaid } from './parse-assets.ts'
import { startAssets } from './start-assets.ts'

/** v1 answers when all are done; more would make its callers wait too long. */
const maxWaitedFor = 10
const defaultWaitSeconds = 60
const tags = ['operations', 'system C']
const slug = z.object({ operation: z.string() })
/** Described here, checked in parse-assets: which body holds is told by the slug, and a list may be bare. */
const validatorCompiler = () => (data: unknown) => ({ value: data })

/** `/api/v1/<operation>`, `/api/v1/<operations>`, `/api/v2/<operations>` and its results, for every operation that is served. */
export const operationRoutes: FastifyPluginAsyncZod<{
  services: Services
  watch: JobWatch
}> = async (app, { services, watch }) => {
  app.post(
    '/api/v1/:operation',
    {
      config: { waits: true },
      schema: {
        tags,
        summary:
          'The processed asset itself; of several, a ZIP with those that succeeded and manifest.json',
        params: slug,
        body: z.union([assetRequest, assetsRequest]),
      },
      validatorCompiler,
    },
    async (request, reply) => {
      const found = operationAt(services, slugIn(request))
      const { operation, isPlural } = found
      const most = Math.min(maxWaitedFor, operation.max_assets)
      const said = isPlural ? parseAssets(request.body, most) : parseAsset(request.body)
      const gone = goneSignal(reply)
      // Somebody waits: before what others have queued.
      const { batchId, flowIds } = await start(services, request, found, said, 1)
      const seconds = preferredWaitSeconds(request.headers['prefer'])?.seconds ?? defaultWaitSeconds
      const waited = waitForAssets(watch, said.urls, flowIds, seconds * 1000)
      // Who sent a key may come back with it; nobody else could name what was begun.
      const assets = await (keyIn(request) === undefined
        ? orCancel(services, batchId, gone, waited)
        : waited)
      return isPlural
        ? sendArchive(services, reply, found, assets)
        : sendAsset(services, reply, found, assets)
    },
  )

  app.post(
    '/api/v2/:operation',
    {
      schema: {
        tags,
        summary: 'Start a durable job for each asset: all of them or none',
        params: slug,
        body: assetsRequest,
        response: { 200: operationsStarted },
      },
      validatorCompiler,
    },
    async (request): Promise<OperationsStarted> => {
      const found = several(services, request)
      const said = parseAssets(request.body, found.operation.max_assets)
      checkCallback(services, said.callbackUrl, 'body')
      const { batchId, flowIds } = await start(services, request, found, said)
      const count = flowIds.length
      return {
        flow_ids: [...flowIds],
        message: `Started processing ${count} ${count === 1 ? 'asset' : 'assets'}`,
        status: 'RUNNING',
        digital_asset_count: count,
        image_count: count,
        batch_id: batchId,
      }
    },
  )

  app.post(
    '/api/v2/:operation/results',
    {
      config: { access: 'read' },
      schema: {
        tags,
        summary: 'What has come of flows so far, with URLs that hold for a while',
        params: slug,
        body: z.union([resultsRequest, z.array(z.string())]),
        response: { 200: operationResults },
      },
      validatorCompiler,
    },
    async (request) => {
      const found = several(services, request)
      const flowIds = parseFlowIds(request.body)
      const baseUrl = baseUrlOf(services.config, request)
      return flowResults(services, found, flowIds, { scope: request.scope, baseUrl })
    },
  )
}

const slugIn = (request: FastifyRequest): string =>
  (request.params as { operation: string }).operation

/** v2 is for several alone. */
function several(services: Services, request: FastifyRequest): FoundOperation {
  const found = operationAt(services, slugIn(request))
  if (found.isPlural) return found
  const { plural } = found.operation.slugs.find(({ name }) => name === slugIn(request)) ?? {}
  throw new LonghaulError('not-found', `Several assets go to /api/v2/${plural}.`)
}

function start(
  services: Services,
  request: FastifyRequest,
  found: FoundOperation,
  said: AssetsSaid,
  priority?: 1,
) {
  const { owner, scope } = request
  const key = keyIn(request)
  if (key !== undefined && key.length > 255)
    throw new LonghaulError('bad-request', 'An Idempotency-Key has at most 255 characters.')
  const named = key === undefined ? said : { ...said, idempotencyKey: key }
  return startAssets(services, found, named, { owner, scope }, priority)
}

function keyIn({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  return typeof key === 'string' && key !== '' ? key : undefined
}

/** After a whole answer it says nothing any more; before it, that nobody waits. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  return gone.signal
}

async function sendAsset(
  { storage }: Services,
  reply: FastifyReply,
  { operation }: FoundOperation,
  [asset]: readonly WaitedAsset[],
): Promise<FastifyReply> {
  if (asset === undefined) throw new Error('one asset was asked for, and none was started')
  const output = outputOf(asset)
  if (output === undefined) throw whyNone(asset, operation.slugs[0]?.plural ?? '')
  const { body } = await storage.get(output.key)
  void reply.headers({
    'longhaul-job-id': asset.flowId,
    'content-length': output.size,
    ...download(operation.files.single),
  })
  return reply.type(headerMediaType(output.mediaType)).send(body)
}

/** Throws 'operation-failed' where nothing succeeded. */
async function sendArchive(
  services: Services,
  reply: FastifyReply,
  found: FoundOperation,
  assets: readonly WaitedAsset[],
): Promise<FastifyReply> {
  const { files, slugs } = found.operation
  const succeeded = assets.filter(outputOf).length
  void reply.headers({ 'x-total-count': assets.length, 'x-success-count': succeeded })
  if (succeeded === 0) {
    const results = assets.map((asset) => {
      const { code, message } = whyNone(asset, slugs[0]?.plural ?? '')
      return { url: asset.url, flow_id: asset.flowId, code, error: message }
    })
    const [first] = results
    const detail = `None of ${assets.length} assets could be processed; the first: ${first?.error}`
    throw new LonghaulError('operation-failed', detail, { facts: { results } })
  }
  void reply.headers(download(files.archive))
  const archive = zipOf(membersOf(services, found, assets))
  return reply.type('application/zip').send(Readable.from(archive, { objectMode: false }))
}

const download = (name: string) => ({
  'content-disposition': `attachment; filename=${name}`,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
})
