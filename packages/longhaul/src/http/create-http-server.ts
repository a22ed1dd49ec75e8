import websocket from '@fastify/websocket'
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { actionRoutes } from '../actions/routes.ts'
import type { Services } from '../app/services.ts'
import { batchRoutes } from '../batches/routes.ts'
import { callableRoutes, callRoute } from '../callables/routes.ts'
import { LonghaulError } from '../errors/index.ts'
import {
  createEventStreams,
  createJobSockets,
  createJobWatch,
  ingestRoutes,
  jobRoutes,
  queueRoutes,
  submissionRoutes,
  workerRoutes,
} from '../jobs/index.ts'
import { createKeys } from '../keys/index.ts'
import { operationRoutes } from '../operations/routes.ts'
import { portalRoutes } from '../portal/routes.ts'
import { cacheRoutes } from '../reuse/routes-cache.ts'
import type { Activity } from '../support/activity.ts'
import { archiveRoutes } from '../archives/routes.ts'
import { overrideMethod } from '../uploads/index.ts'
import { uploadRoutes } from '../uploads/routes.ts'
import { callbackRoutes, createCallbackKeys, jobCallbackRoutes } from '../webhooks/index.ts'
import { collectRoutes } from './allowed-methods.ts'
import { authenticate } from './authentication.ts'
import { addDocumentation } from './documentation.ts'
import { healthRoutes } from './health-routes.ts'
import { acceptJsonBodies } from './json-body.ts'
import { serveMetrics } from './metrics.ts'
import { replyWithProblem } from './problem-reply.ts'
import { processorRoutes } from './processor-routes.ts'
import { logRequests, requestIdOf } from './request-log.ts'
import { rootRoutes } from './root-routes.ts'
import { cutSlowBodies } from './slow-bodies.ts'
import { statusRoutes } from './status-routes.ts'
import { schemaController } from './validation.ts'

/** Largest JSON body: a manifest of 100,000 files. Bytes of files come by uploads and forms. */
const maxJsonBytes = 16 * 1024 * 1024

/** What an open request may take of a shutdown: a client that sends nothing more must not hold it up. */
const closeGraceMs = 5000

/** Everything that answers HTTP, not yet listening. `close()` ends event streams and waiting requests first. */
export async function createHttpServer(services: Services): Promise<FastifyInstance> {
  const { config, engine, database } = services
  const loggerInstance: FastifyBaseLogger = services.log
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    genReqId: requestIdOf,
    schemaController,
    bodyLimit: maxJsonBytes,
    rewriteUrl(request) {
      overrideMethod(request)
      return request.url ?? '/'
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
    frameworkErrors: (error, request, reply) => void replyWithProblem(error, request, reply),
  })
  app.setErrorHandler(replyWithProblem)
  const methodsOf = collectRoutes(app)
  const core: { url: string; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => void core.push({ url, methods: [method].flat() }))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    const methods = methodsOf(path)
    // The route is there, and yet found nothing at this path: a file of the documentation, say.
    if (methods.length === 0 || methods.includes(request.method))
      throw new LonghaulError('not-found', `There is no ${path}; /docs lists what there is.`)
    void reply.header('allow', methods.join(', '))
    throw new LonghaulError(
      'method-not-allowed',
      `${path} takes ${methods.join(', ')}, not ${request.method}.`,
    )
  })
  acceptJsonBodies(app)
  logRequests(app)
  cutSlowBodies(app)
  noteRequests(app, services.activity)
  authenticate(app, config, createKeys(database))
  serveMetrics(app, services)
  if (!config.roles.api) {
    // A worker by itself: who watches it asks how it is, and nothing else.
    await app.register(healthRoutes, { services })
    return app
  }

  const watch = createJobWatch(engine, services.log)
  const streams = createEventStreams(engine, watch)
  const sockets = createJobSockets(watch)
  let cut: NodeJS.Timeout | undefined
  app.addHook('preClose', async () => {
    streams.stop()
    sockets.stop()
    watch.stop()
    cut = setTimeout(() => app.server.closeAllConnections(), closeGraceMs)
  })
  app.addHook('onClose', async () => clearTimeout(cut))

  addDocumentation(app, services)
  await app.register(websocket, { options: { maxPayload: 1024 } }) // nobody sends anything here
  const calls = config.callables.enabled
  const features = async (scope: FastifyInstance): Promise<void> => {
    await scope.register(healthRoutes, { services })
    if (!takesJobs(services)) return
    const call = scope.prefix === '' && calls ? callRoute(services) : undefined
    await scope.register(submissionRoutes, { services, watch, call })
    if (config.batchJobs) await scope.register(ingestRoutes, { services })
    await scope.register(jobRoutes, { services, streams, sockets })
    await scope.register(jobCallbackRoutes, { services })
    await scope.register(batchRoutes, { services })
    await scope.register(cacheRoutes, { services })
  }
  await app.register(rootRoutes, { services })
  await app.register(processorRoutes, { services })
  if (calls) await app.register(callableRoutes, { services })
  await app.register(uploadRoutes, { services })
  await app.register(archiveRoutes, { services })
  await app.register(queueRoutes, { services })
  await app.register(workerRoutes, { services })
  await app.register(statusRoutes, { services })
  await app.register(callbackRoutes, {
    services,
    keys: createCallbackKeys(database, config.callbackSecrets),
  })
  if (config.assetOperations) await app.register(operationRoutes, { services, watch })
  if (config.portal) await app.register(portalRoutes, { services, watch })
  await app.register(features)
  // A client of an older service changes its base URL to this prefix, and nothing else.
  await app.register(features, { prefix: '/processors/:processor' })
  // Last: what all the others serve is what an action cannot have.
  await app.register(actionRoutes, { services, core: () => core })
  return app
}

/** Not where the operator wants none, or all that is served has only actions. */
function takesJobs({ config, runners, broken }: Services): boolean {
  const onlyActions = [...runners.values()].every(({ description }) => description.jobs === false)
  return config.asyncJobs && (!onlyActions || runners.size === 0 || broken.length > 0)
}

/** Whatever somebody asked for may have made work, such as a batch to feed or a callback to send again. */
function noteRequests(app: FastifyInstance, activity: Activity): void {
  app.addHook('onResponse', async ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') activity.note()
  })
}
