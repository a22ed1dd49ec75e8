import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino, type Logger } from 'pino'
import { createArchives, extractionProcessor, extractionsAtOnce } from '../archives/index.ts'
import { batchCallbackBody, batchStatements, startFeedingBatches } from '../batches/index.ts'
import { callableSources, reflectingEngine, RunDirectories } from '../callables/index.ts'
import { createHttpServer, healthStatements } from '../http/index.ts'
import {
  createImports,
  defaultTuning,
  importProcessor,
  importStatements,
  startTendingImports,
  type Tuning,
} from '../imports/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { mayReadKey, removeJobs } from '../jobs/index.ts'
import { isTerminal } from '../jobs/job.ts'
import { checkExposure, createKeys, keyStatements } from '../keys/index.ts'
import { bindOperation, checkOperationNames, operationStatements } from '../operations/index.ts'
import { createOutbound } from '../outbound/index.ts'
import {
  checkRules,
  portalStatements,
  startTendingPortal,
  uploadsAtOnce,
  uploadProcessor,
} from '../portal/index.ts'
import { findResult, reuseStatements } from '../reuse/index.ts'
import type { ProcessorSource } from '../runners/runner.ts'
import type { Storage } from '../storage/object-store.ts'
import { Activity } from '../support/activity.ts'
import { createUploads, uploadStatements } from '../uploads/index.ts'
import { callbackStatements, createCallbackKeys, startDeliveries } from '../webhooks/index.ts'
import { createWorker, LogCopies, startUpkeep, thisWorker, type Worker } from '../worker/index.ts'
import { assetApiOf } from './asset-apis.ts'
import { AttemptCounts, countEnds } from './attempt-counts.ts'
import { readConfig, type Config, type ConfigOptions } from './config.ts'
import { openBackends, type Backends } from './open-backends.ts'
import { limitQueues } from './limit-queues.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { openProcessors } from './open-processors.ts'
import { ownRunner, withOwnRunners } from './own-runners.ts'
import { reloadSource, type Reloaded } from './reload-source.ts'
import { secretKeyOf } from './secret-key.ts'
import type { Services } from './services.ts'
import { takeOver } from './take-over.ts'

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
    readonly imports?: Partial<Tuning>
  }
}

export interface App extends AsyncDisposable {
  readonly services: Services
  /** Absent without the worker's role. */
  readonly worker: Worker | undefined
  readonly sources: readonly ProcessorSource[]
  /** Takes the new code of one of `sources` into service; jobs that run end with the old one. */
  reload(source: ProcessorSource): Promise<Reloaded>
  /** Answers a request without a port. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>
  /**
   * Refuses an address that is not loopback without a key or `open`. Answers the URL. Without the role of the API there is
   * only /health and /metrics, for everybody.
   */
  listen(address?: { readonly host?: string; readonly port?: number }): Promise<string>
  /**
   * Stops claiming; what runs finishes or keeps a checkpoint within `config.drainGraceMs`, then goes back uncounted. The API
   * goes on answering. Call `stop` after it.
   */
  drain(): Promise<void>
  /** Stops listening and claiming, gives running jobs back uncounted, closes everything. */
  stop(): Promise<void>
}

/**
 * What `config.roles` asks for, in one process: API, worker, or both; engine and storage are beneath either. Jobs start as
 * soon as it resolves. Throws 'invalid-config'; a processor that cannot be loaded does not stop it (see `services.broken`).
 */
export async function createApp(options: AppOptions): Promise<App> {
  const config = readConfig(options.config)
  const log = options.log ?? pino({ level: config.logLevel })
  await makeDataFolder(config.dataDir)
  const backends = await openBackends(
    config,
    {
      ...uploadStatements,
      ...keyStatements,
      ...healthStatements,
      ...callbackStatements,
      ...batchStatements,
      ...reuseStatements,
      ...operationStatements,
      ...importStatements,
      ...portalStatements,
    },
    options.unsafe?.engine,
  )
  const opened: (() => Promise<unknown>)[] = [() => backends.database.close()]
  try {
    return await assemble(options, config, log, backends, opened)
  } catch (error) {
    // The last opened first, as in stop(): a start that fails leaves no child and no connection.
    for (const close of opened.reverse()) await close().catch(() => undefined)
    throw error
  }
}

async function assemble(
  options: AppOptions,
  config: Config,
  log: Logger,
  backends: Backends,
  opened: (() => Promise<unknown>)[],
): Promise<App> {
  const { database, engine } = backends
  // First of all: what is refused must not have touched anybody's work.
  if (config.roles.api) await checkExposure(config, createKeys(database))
  const storage = options.unsafe?.wrapStorage?.(backends.storage) ?? backends.storage
  const uploads = createUploads({ database, storage, config })
  const archives = createArchives({ engine, storage, uploads, config })
  const identity = thisWorker({
    host: config.hostName,
    slots: config.maxConcurrentJobs,
    version: config.serviceVersion,
  })
  await takeOver(
    { engine, log },
    { host: identity.host, dataDir: config.dataDir, oneMachine: !backends.shared },
  )

  const sources = callableSources(options.sources, config)
  const outbound = createOutbound({ allow: config.outboundAllow })
  const processors = await openProcessors(sources, config, (processor) =>
    bindOperation(processor, (name) => ({ outbound, api: assetApiOf(config.assetApis, name) })),
  )
  const { runners, broken } = processors
  opened.push(() => Promise.all([...runners.values()].map((runner) => runner.stop())))
  checkOperationNames(runners.values())
  checkRules({ config, runners, broken })
  if (config.roles.worker) await limitQueues(engine, runners, { keepLower: backends.shared })
  const importParts = {
    ...{ config, database, engine, storage, uploads, outbound },
    secretKey: await secretKeyOf(config, backends),
    tuning: { ...defaultTuning, ...options.unsafe?.imports },
  }
  const imports = createImports(importParts)
  const extraction = extractionProcessor({ storage, uploads, limits: config.archiveLimits })
  const own = config.roles.worker
    ? [
        ownRunner(importProcessor(importParts), config.importConcurrency, config),
        ownRunner(uploadProcessor({ uploads, config }), uploadsAtOnce, config),
        ownRunner(extraction, extractionsAtOnce, config),
      ]
    : []
  opened.push(() => Promise.all(own.map((runner) => runner.stop())))
  const ends = new AttemptCounts()
  const activity = new Activity()
  const calls = sources.some(({ kind }) => kind === 'callable')
  const runs = new RunDirectories({ config, engine, storage, log })
  if (calls) await runs.start()
  opened.push(() => runs.stop())
  const services: Services = {
    ...{ config, log, database, engine, storage, uploads, archives, imports, outbound },
    ...{ runners, broken },
    ...{ ends, activity },
    reflectJob: async (job) => {
      if (job.kind === 'callable') await runs.reflect(job)
    },
  }
  const server: FastifyInstance = await createHttpServer(services)
  opened.push(() => server.close())
  await server.ready()
  const remove = (ids: readonly string[]) => removeJobs(services, ids)
  const upkeep = startUpkeep({
    config,
    engine,
    storage,
    log,
    removeJob: (id) => remove([id]),
  })
  const { retentionMs } = config
  const batches = startFeedingBatches({
    ...{ database, engine, log, retentionMs, activity },
    removeJobs: remove,
  })
  const tending = startTendingImports({ imports, engine, database, log })
  const tends = config.portal || config.rules.length > 0
  const portal = config.roles.api && tends ? startTendingPortal(services) : undefined
  const counted = countEnds(engine, ends)
  const worker = config.roles.worker
    ? createWorker({
        config,
        engine: calls ? reflectingEngine(counted, runs) : counted,
        storage,
        runners: withOwnRunners(runners, own),
        worker: identity,
        log,
        outbound,
        keepsOrigins: true,
        findResult: (...asked) => findResult(services, ...asked),
        mayRead: (owner, key) => mayReadKey(services, { owner }, key),
        ...(backends.shared ? { logs: new LogCopies(storage, config.dataDir, log) } : {}),
      })
    : undefined
  // By whoever has the API: a host that only works may be one that reaches nobody.
  const deliveries = config.roles.api
    ? startDeliveries({
        ...{ database, engine, outbound, log, activity },
        batchBody: (id) => batchCallbackBody(database, id),
        keys: createCallbackKeys(database, config.callbackSecrets),
        maxTries: config.callbackTries,
        userAgent: `longhaul/${config.serviceVersion}`,
      })
    : undefined
  const expiry = setInterval(() => {
    uploads.expire().catch((error: unknown) => log.error({ err: error }, 'expiring uploads failed'))
    archives.tidy().catch((error: unknown) => log.error({ err: error }, 'tidying archives failed'))
  }, 60_000).unref()

  const stopping = new AbortController()
  void noteChanges(engine, activity, stopping.signal)
  const forget = (id: string) => engine.forgetDeadWorkers(identity.host, (row) => row.id !== id)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      clearInterval(expiry)
      stopping.abort()
      await Promise.allSettled(reloading)
      await Promise.all([server.close(), worker?.stop(), deliveries?.stop()])
      await Promise.all([
        upkeep.stop(),
        batches.stop(),
        runs.stop(),
        tending.stop(),
        portal?.stop(),
      ])
      await Promise.all([...runners.values(), ...own].map((runner) => runner.stop()))
      await Promise.all(processors.leaving)
      // Nothing of it is held any more; without its row, nobody takes it for a worker that died.
      if (worker) await forget(identity.id).catch(() => undefined)
      await database.close()
    })())

  const reload = async (source: ProcessorSource): Promise<Reloaded> => {
    const parts = { config, opened: processors, worker, signal: stopping.signal }
    const reloaded = await reloadSource(parts, source)
    if (config.roles.worker) await limitQueues(engine, runners, { keepLower: backends.shared })
    return reloaded
  }
  const reloading = new Set<Promise<unknown>>()
  return {
    services,
    worker,
    sources,
    reload(source) {
      const reloaded = reload(source)
      reloading.add(reloaded)
      return reloaded
    },
    inject: (request) => server.inject(request),
    async listen({ host = config.host, port = config.port } = {}) {
      if (config.roles.api) await checkExposure({ ...config, host }, createKeys(database))
      await server.listen({ host, port })
      const address = server.server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
    },
    drain: async () => worker?.drain(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Until the signal aborts. A database that is away is noticed, and logged, by those who look for work. */
async function noteChanges(
  engine: JobEngine,
  activity: Activity,
  signal: AbortSignal,
): Promise<void> {
  // A job to take, or one that has ended, as far as the hint says. Progress alone makes nobody work.
  for await (const wakeup of engine.wakeups(signal)) {
    if (wakeup.kind === 'queued') activity.note()
    else if (wakeup.kind === 'changed' && isTerminal(wakeup.state ?? 'queued')) activity.note()
  }
}
