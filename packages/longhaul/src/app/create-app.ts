import path from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino, type Logger } from 'pino'
import { createHttpServer } from '../http/index.ts'
import { mayReadKey } from '../jobs/index.ts'
import { checkExposure, createKeys, keyStatements } from '../keys/index.ts'
import { reapOrphans } from '../runners/index.ts'
import type { ProcessorSource } from '../runners/runner.ts'
import type { Storage } from '../storage/object-store.ts'
import { createUploads, uploadStatements } from '../uploads/index.ts'
import { createWorker, isWorkerAlive, thisWorker, type Worker } from '../worker/index.ts'
import { readConfig, type Config, type ConfigOptions } from './config.ts'
import { openBackends, type Backends } from './open-backends.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { openProcessors } from './open-processors.ts'
import type { Services } from './services.ts'

export interface AppOptions {
  readonly sources: readonly ProcessorSource[]
  readonly config?: ConfigOptions
  /** Replaces the log that goes to stdout. */
  readonly log?: Logger
  /** Test-only: wraps the store, or switches safety off to prove that its tests notice. */
  readonly unsafe?: {
    readonly wrapStorage?: (storage: Storage) => Storage
    readonly engine?: {
      readonly noFence?: boolean
      readonly noRollForward?: boolean
      readonly noQueueLock?: boolean
    }
  }
}

export interface App extends AsyncDisposable {
  readonly services: Services
  readonly worker: Worker
  /** Answers a request without a port. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>
  /** Refuses an address that is not loopback without a key or `open`. Answers the URL. */
  listen(address?: { readonly host?: string; readonly port?: number }): Promise<string>
  /** Stops listening and claiming, gives running jobs back uncounted, closes everything. */
  stop(): Promise<void>
}

/**
 * Everything in one process: API, engine, worker, storage under `config.dataDir`. Jobs start as soon as it resolves.
 * Throws 'invalid-config'; a processor that cannot be loaded does not stop it (see `services.broken`).
 */
export async function createApp(options: AppOptions): Promise<App> {
  const config = readConfig(options.config)
  const log = options.log ?? pino({ level: config.logLevel })
  await makeDataFolder(config.dataDir)
  const backends = await openBackends(
    config,
    { ...uploadStatements, ...keyStatements },
    options.unsafe?.engine,
  )
  try {
    return await assemble(options, config, log, backends)
  } catch (error) {
    await backends.database.close()
    throw error
  }
}

async function assemble(
  options: AppOptions,
  config: Config,
  log: Logger,
  backends: Backends,
): Promise<App> {
  const { database, engine } = backends
  // First of all: what is refused must not have touched anybody's work.
  await checkExposure(config, createKeys(database))
  const storage = options.unsafe?.wrapStorage?.(backends.storage) ?? backends.storage
  const uploads = createUploads({ database, storage, config })

  // Workers of this host that died without a word: their jobs move on now, and what they left running ends.
  const identity = thisWorker(config.maxConcurrentJobs)
  const moved = await engine.forgetDeadWorkers(identity.host, isWorkerAlive)
  if (moved.requeued.length + moved.failed.length + moved.publishing.length > 0)
    log.warn({ ...moved }, 'an earlier worker died')
  await reapOrphans(config.dataDir, async (attemptId) => {
    const [jobId = '', attempt] = attemptId.split('.')
    const [job] = await engine.get([jobId], 'everyone')
    return job?.state === 'running' && job.attempt === Number(attempt)
  })

  const { runners, broken } = await openProcessors(options.sources, config)
  for (const runner of runners.values()) {
    const { name, queue = name, concurrency } = runner.description
    if (concurrency !== undefined) await engine.setQueue(queue, { maxRunning: concurrency })
  }
  const services: Services = { config, log, database, engine, storage, uploads, runners, broken }
  const server: FastifyInstance = await createHttpServer(services)
  await server.ready()
  const worker = createWorker({
    config,
    engine,
    storage,
    runners,
    worker: identity,
    log,
    mayRead: (owner, key) => mayReadKey(services, { owner }, key),
  })
  const expiry = setInterval(() => {
    uploads.expire().catch((error: unknown) => log.error({ err: error }, 'expiring uploads failed'))
  }, 60_000).unref()

  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      clearInterval(expiry)
      await Promise.all([server.close(), worker.stop()])
      await Promise.all([...runners.values()].map((runner) => runner.stop()))
      await database.close()
    })())

  return {
    services,
    worker,
    inject: (request) => server.inject(request),
    async listen({ host = config.host, port = config.port } = {}) {
      await checkExposure({ ...config, host }, createKeys(database))
      await server.listen({ host, port })
      const address = server.server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
