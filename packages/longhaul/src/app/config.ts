import { availableParallelism, hostname, totalmem } from 'node:os'
import path from 'node:path'
import type { ArchiveLimits } from '../archives/archives.ts'
import { LonghaulError } from '../errors/index.ts'
import { isAllowEntry } from '../outbound/index.ts'
import { parseByteSize } from '../support/byte-size.ts'
import { readAssetApis, type AssetApis } from './asset-apis.ts'
import { readSecretKey } from './read-secret-key.ts'

/** Every setting, resolved once: explicit options, then environment, then defaults. Frozen. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Base of every URL that is handed out; else the request's own host. */
  readonly publicUrl: string | undefined
  /** This host's: the embedded database and store, or only workspaces and logs where both are elsewhere. */
  readonly dataDir: string
  /** `postgres://…`: the database that several hosts share. @default the embedded one */
  readonly databaseUrl: string | undefined
  /** An S3-compatible store. @default the local one */
  readonly s3: S3Config | undefined
  /** What this host is called in lists of workers. Two hosts of one name are told apart all the same. @default its host name */
  readonly hostName: string
  /** What this process does. @default both */
  readonly roles: { readonly api: boolean; readonly worker: boolean }
  readonly bucket: string
  readonly datasetsPrefix: string
  readonly resultsPrefix: string
  /** Lease of a claim. Touch = a tenth, sweep = a sixth of it. @default 30 s */
  readonly leaseMs: number
  /** How long a drained attempt may take to finish or to checkpoint before it is given back. @default 30 s */
  readonly drainGraceMs: number
  /** Age at which a finished job is deleted, outputs too. @default never */
  readonly retentionMs: number | undefined
  /** Nothing is claimed and no upload accepted below so much free room. @default the smaller of 1 GiB and 2 % of the volume */
  readonly diskFloorBytes: number | undefined
  /** Attempts at once in this process, per processor. @default 3 */
  readonly maxConcurrentJobs: number
  /** The most that a retry may give an attempt, bytes. @default this host's memory */
  readonly maxMemoryBytes: number
  /** Manifests and ingests, as systems A and B have them; without, their routes are not there. @default true */
  readonly batchJobs: boolean
  /** Callables, as system D has them; without, `entrypoint` and `/run` are not there. @default true */
  readonly callables: CallablesConfig
  /** Which list `GET /jobs` is: `auto` is system A's array, and system D's envelope where nothing but callables is served. */
  readonly jobsDialect: 'auto' | 'array' | 'envelope'
  /** Jobs of any kind; without, the routes of jobs, ingests and batches are not there. @default true */
  readonly asyncJobs: boolean
  /** Calls that are answered at once, without a queue. @default true */
  readonly directActions: boolean
  /** Calls of one processor's actions at once in this process. @default the number of cores and one */
  readonly actionSlots: number
  /** How many more of them may wait; the next are refused. @default 64 */
  readonly actionQueue: number
  /** `/api/v1` and `/api/v2` of asset operations, as system C has them. @default true */
  readonly assetOperations: boolean
  /** Attempts at once of an operation that does not say, on all machines together. @default 10 */
  readonly operationConcurrency: number
  /** The APIs that operations call, with their keys. */
  readonly assetApis: AssetApis
  /** Of an attempt of a batch job or a callable, where neither the job nor its processor says. @default none */
  readonly jobTimeoutSeconds: number | undefined
  /** `/api/upload` and datasets, as system E has them. @default true */
  readonly portal: boolean
  /** Of `/api/upload/large`, bytes, where the store takes as many chunks as the file then has. @default 100 MiB */
  readonly chunkBytes: number
  /** Jobs that follow from what was uploaded: each completed file makes one, by the first rule that fits it. */
  readonly rules: readonly Rule[]
  /** Part size of `/ingest` uploads, bytes. @default 5 MiB */
  readonly ingestPartBytes: number
  readonly uploadUrlTtlSeconds: number
  /** An incomplete upload is discarded that long after its last part. @default 7 days */
  readonly uploadKeepSeconds: number
  /** Largest body of a form that carries files inline. @default 64 MiB */
  readonly maxInlineBytes: number
  /** Largest single upload. @default 10 TiB */
  readonly maxUploadBytes: number
  /** What the extraction of one archive may come to. */
  readonly archiveLimits: ArchiveLimits
  readonly recordsFileBytes: number
  readonly shardBytes: number
  /** Folders below which `file://` inputs are allowed. */
  readonly inputRoots: readonly string[]
  /** Hosts, addresses and ranges beyond the public internet that requests to others' URLs may go to. */
  readonly outboundAllow: readonly string[]
  /** Largest input that is fetched from another server, bytes. @default 100 GB */
  readonly maxFetchBytes: number
  /** Seals credentials of imports, 32 bytes. @default one kept in the data directory */
  readonly secretKey: Buffer | undefined
  /** Imports at once in this process. @default 5 */
  readonly importConcurrency: number
  /** Where Google Drive is asked, and the hosts that may be asked for a token. */
  readonly googleDrive: { readonly rootUrl: string; readonly tokenHosts: readonly string[] }
  /** What callbacks are signed with; the first is the one that receivers are told. @default one kept in the database */
  readonly callbackSecrets: readonly string[]
  /** After so many tries a callback is given up. @default 16, two days */
  readonly callbackTries: number
  /** Serve without keys on an address that is not loopback. */
  readonly open: boolean
  /** Variables that processors may see. */
  readonly processorEnv: readonly string[]
  /** `provenance.json` beside the outputs of every job: one more small object each. @default true */
  readonly provenance: boolean
  readonly logJobOutput: boolean
  readonly logLevel: string
  readonly serviceName: string
  readonly serviceVersion: string
  /** Interpreter for .py processors. @default python3 */
  readonly python: string
}

/** System D (five-systems D.5, X.8). */
export interface CallablesConfig {
  readonly enabled: boolean
  /** Name → `module:callable`: besides what is served from a `tasks.yml`, all that may be called. */
  readonly listed: Readonly<Record<string, string>>
  /** What a request without an entrypoint calls: `module:callable`, or a name that is listed. Listed by being here. */
  readonly entrypoint: string | undefined
  /** Where modules are looked for first. @default the current directory */
  readonly folder: string
  /** Holds a folder for each job. @default .quant_runs in the current directory */
  readonly runsDir: string
  /** How many jobs of one callable run at once, on all machines together. @default as many as there are slots */
  readonly concurrency: number | undefined
}

/** `image/*` or `*.nc`: a media type, or the pattern of a name. */
export interface Rule {
  readonly match: string
  /** A processor with one file input. */
  readonly processor: string
}

/** Where the S3-compatible store is (five-systems A.5). */
export interface S3Config {
  readonly endpoint: string
  /** What clients reach it under, in signed URLs. @default endpoint */
  readonly publicEndpoint: string | undefined
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

export type ConfigOptions = {
  [K in keyof Config]?: (K extends 'callables' ? Partial<CallablesConfig> : Config[K]) | undefined
}
export type Environment = Readonly<Record<string, string | undefined>>

const MiB = 1024 * 1024
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** Only an endpoint turns S3 on; then the other settings have the defaults that system A's operators know. */
function readS3(env: Environment, mistakes: string[]): S3Config | undefined {
  const named = (name: string): string | undefined =>
    env[`S3_${name}`] || env[`MINIO_${name}`] || undefined
  // The last two as system C called them.
  const ssl = /^(1|true|yes)$/i.test(named('USE_SSL') ?? env['MINIO_SECURE'] ?? '')
  const endpoint = url('ENDPOINT_URL', named('ENDPOINT_URL') ?? env['MINIO_ENDPOINT'])
  if (endpoint === undefined) return undefined
  return {
    endpoint,
    publicEndpoint: url('PUBLIC_ENDPOINT_URL', named('PUBLIC_ENDPOINT_URL')),
    accessKey: named('ACCESS_KEY') ?? 'minioadmin',
    secretKey: named('SECRET_KEY') ?? 'minioadmin',
    region: named('REGION') ?? 'us-east-1',
  }

  function url(name: string, text: string | undefined): string | undefined {
    if (text === undefined) return undefined
    const whole = text.includes('://') ? text : `${ssl ? 'https' : 'http'}://${text}`
    if (URL.canParse(whole)) return whole.replace(/\/+$/, '')
    mistakes.push(
      `S3_${name} must be a URL such as https://s3.example.org, got ${JSON.stringify(text)}`,
    )
    return undefined
  }
}

/** Reads everything and reports every mistake at once ('invalid-config'). Never exits. */
export function readConfig(options: ConfigOptions = {}, env: Environment = process.env): Config {
  const mistakes: string[] = []
  const integer = (name: string, fallback: number, min = 0): number => {
    const text = env[name]
    if (text === undefined || text.trim() === '') return fallback
    const value = Number(text)
    if (Number.isFinite(value) && value >= min) return value
    mistakes.push(`${name} must be a number of at least ${min}, got ${JSON.stringify(text)}`)
    return fallback
  }
  const toggle = (name: string, fallback: boolean): boolean => {
    const text = env[name]?.trim().toLowerCase() ?? ''
    if (text === '') return fallback
    if (/^(1|true|yes|on)$/.test(text)) return true
    if (!/^(0|false|no|off)$/.test(text))
      mistakes.push(`${name} must be true or false, got ${JSON.stringify(text)}`)
    return false
  }
  const list = (name: string, separator: string): string[] =>
    (env[name] ?? '')
      .split(separator)
      .map((item) => item.trim())
      .filter(Boolean)
  const pairs = (name: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      list(name, ',').map((pair) => {
        const [key = '', ...value] = pair.split('=').map((one) => one.trim())
        if (key === '' || value.length === 0)
          mistakes.push(`${name} lists name=module:callable, got ${JSON.stringify(pair)}`)
        return [key, value.join('=')]
      }),
    )
  const rules = (): readonly Rule[] =>
    list('LONGHAUL_RULES', ',').map((pair) => {
      const [match = '', processor = ''] = pair.split('=').map((one) => one.trim())
      if (match === '' || processor === '')
        mistakes.push(
          `LONGHAUL_RULES lists media types or names with processors, image/*=thumbs or *.nc=convert, got ${JSON.stringify(pair)}`,
        )
      return { match, processor }
    })
  const dialect = (): Config['jobsDialect'] => {
    const word = env['ROOT_JOBS_DIALECT']?.trim().toLowerCase() || 'auto'
    if (word === 'auto' || word === 'array' || word === 'envelope') return word
    mistakes.push(`ROOT_JOBS_DIALECT must be auto, array or envelope, got ${JSON.stringify(word)}`)
    return 'auto'
  }
  const size = (name: string, fallback: number): number => {
    try {
      return env[name]?.trim() ? parseByteSize(env[name]) : fallback
    } catch (error) {
      mistakes.push(`${name}: ${(error as Error).message}`)
      return fallback
    }
  }
  const dataDir = path.resolve(options.dataDir ?? env['LONGHAUL_DATA'] ?? '.longhaul')
  const config: Config = {
    host: options.host ?? env['HOST'] ?? '127.0.0.1',
    port: options.port ?? integer('PORT', 8000),
    publicUrl: (options.publicUrl ?? env['PUBLIC_URL'])?.replace(/\/+$/, ''),
    dataDir,
    databaseUrl: options.databaseUrl ?? (env['DATABASE_URL'] || undefined),
    s3: options.s3 ?? readS3(env, mistakes),
    hostName: options.hostName ?? (env['LONGHAUL_HOST_NAME'] || hostname()),
    roles: options.roles ?? { api: true, worker: true },
    bucket: options.bucket ?? env['S3_BUCKET'] ?? 'stateful-microservice',
    datasetsPrefix: options.datasetsPrefix ?? env['S3_DATASETS_PREFIX'] ?? 'datasets',
    resultsPrefix: options.resultsPrefix ?? env['S3_RESULTS_PREFIX'] ?? 'results',
    leaseMs: options.leaseMs ?? integer('LONGHAUL_LEASE_SECONDS', 30, 0.5) * 1000,
    drainGraceMs: options.drainGraceMs ?? integer('LONGHAUL_DRAIN_SECONDS', 30) * 1000,
    retentionMs:
      options.retentionMs ??
      (env['LONGHAUL_RETENTION_DAYS']
        ? integer('LONGHAUL_RETENTION_DAYS', 0) * 86_400_000
        : undefined),
    diskFloorBytes:
      options.diskFloorBytes ??
      (env['LONGHAUL_DISK_FLOOR_MB'] ? integer('LONGHAUL_DISK_FLOOR_MB', 0) * MiB : undefined),
    maxConcurrentJobs: options.maxConcurrentJobs ?? integer('MAX_CONCURRENT_JOBS', 3, 1),
    maxMemoryBytes: options.maxMemoryBytes ?? size('LONGHAUL_MAX_MEMORY', totalmem()),
    batchJobs: options.batchJobs ?? toggle('ENABLE_BATCH_JOBS', true),
    callables: Object.freeze({
      enabled: toggle('ENABLE_CALLABLES', true),
      listed: pairs('CALLABLES'),
      entrypoint: env['MDPS_ENTRYPOINT']?.trim() || undefined,
      folder: process.cwd(),
      runsDir: path.resolve(env['QUANT_RUNS_DIR'] || '.quant_runs'),
      concurrency: env['CALLABLE_CONCURRENCY'] ? integer('CALLABLE_CONCURRENCY', 0, 1) : undefined,
      ...options.callables,
    }),
    jobsDialect: options.jobsDialect ?? dialect(),
    asyncJobs: options.asyncJobs ?? toggle('ENABLE_ASYNC_JOBS', true),
    directActions: options.directActions ?? toggle('ENABLE_DIRECT_ACTIONS', true),
    actionSlots: options.actionSlots ?? integer('ACTION_SLOTS', availableParallelism() + 1, 1),
    actionQueue: options.actionQueue ?? integer('ACTION_QUEUE', 64),
    assetOperations: options.assetOperations ?? toggle('ENABLE_ASSET_OPERATIONS', true),
    operationConcurrency: options.operationConcurrency ?? integer('OPERATION_CONCURRENCY', 10, 1),
    assetApis: options.assetApis ?? readAssetApis(env, mistakes),
    jobTimeoutSeconds:
      options.jobTimeoutSeconds ??
      (env['JOB_TIMEOUT_SECONDS'] ? integer('JOB_TIMEOUT_SECONDS', 0, 1) : undefined),
    portal: options.portal ?? toggle('ENABLE_UPLOADS', true),
    chunkBytes: options.chunkBytes ?? integer('LARGE_CHUNK_SIZE_MB', 100, 5) * MiB,
    rules: options.rules ?? rules(),
    ingestPartBytes: options.ingestPartBytes ?? integer('MULTIPART_PART_SIZE_MB', 5, 5) * MiB,
    uploadUrlTtlSeconds:
      options.uploadUrlTtlSeconds ?? integer('MULTIPART_URL_TTL_SECONDS', 7200, 1),
    uploadKeepSeconds:
      options.uploadKeepSeconds ?? integer('LONGHAUL_UPLOAD_KEEP_SECONDS', 7 * 24 * 3600, 1),
    maxInlineBytes: options.maxInlineBytes ?? 64 * MiB,
    maxUploadBytes: options.maxUploadBytes ?? 10 * 1024 ** 4,
    archiveLimits: options.archiveLimits ?? {
      maxEntries: integer('EXTRACT_MAX_ENTRIES', 1e6, 1),
      maxBytes: size('EXTRACT_MAX_SIZE', 10e12),
      maxEntryBytes: size('EXTRACT_MAX_FILE_SIZE', 10e12),
      maxRatio: integer('EXTRACT_MAX_RATIO', 200, 1),
      maxDepth: integer('EXTRACT_MAX_DEPTH', 32, 1),
    },
    recordsFileBytes: options.recordsFileBytes ?? integer('RESPONSES_CHUNK_SIZE_MB', 64, 1) * MiB,
    shardBytes:
      options.shardBytes ??
      integer('ARTIFACT_SHARD_SIZE_MB', integer('MASKS_SHARD_SIZE_MB', 256, 1), 1) * MiB,
    inputRoots: (options.inputRoots ?? list('LONGHAUL_INPUT_ROOTS', path.delimiter)).map((root) =>
      path.resolve(root),
    ),
    outboundAllow: options.outboundAllow ?? list('LONGHAUL_OUTBOUND_ALLOW', ','),
    maxFetchBytes: options.maxFetchBytes ?? size('LONGHAUL_MAX_FETCH', 100e9),
    secretKey: options.secretKey ?? readSecretKey(env, mistakes),
    importConcurrency: options.importConcurrency ?? integer('JOB_MAX_CONCURRENT', 5, 1),
    googleDrive: options.googleDrive ?? {
      rootUrl: 'https://www.googleapis.com',
      tokenHosts: ['oauth2.googleapis.com', 'www.googleapis.com', 'accounts.google.com'],
    },
    callbackSecrets: options.callbackSecrets ?? list('LONGHAUL_CALLBACK_SECRET', ' '),
    callbackTries: options.callbackTries ?? integer('LONGHAUL_CALLBACK_TRIES', 16, 1),
    open: options.open ?? false,
    processorEnv: options.processorEnv ?? list('LONGHAUL_PROCESSOR_ENV', ','),
    provenance: options.provenance ?? env['LONGHAUL_PROVENANCE'] !== 'off',
    logJobOutput: options.logJobOutput ?? env['LOG_JOB_OUTPUT'] === 'stdout',
    logLevel: options.logLevel ?? env['LOG_LEVEL'] ?? 'info',
    serviceName: options.serviceName ?? 'longhaul',
    serviceVersion: options.serviceVersion ?? '0.1.0',
    python: options.python ?? env['LONGHAUL_PYTHON'] ?? 'python3',
  }
  for (const entry of config.outboundAllow)
    if (!isAllowEntry(entry))
      mistakes.push(
        `LONGHAUL_OUTBOUND_ALLOW lists hosts and ranges such as hooks.example.org:9000 or 10.1.0.0/16, got ${JSON.stringify(entry)}`,
      )
  if (config.callbackSecrets.some((secret) => secret.length < 24))
    mistakes.push('LONGHAUL_CALLBACK_SECRET must have at least 24 characters')
  if (!logLevels.includes(config.logLevel))
    mistakes.push(
      `LOG_LEVEL must be one of ${logLevels.join(', ')}, got ${JSON.stringify(config.logLevel)}`,
    )
  const provenance = env['LONGHAUL_PROVENANCE'] ?? ''
  if (!['', 'on', 'off'].includes(provenance))
    mistakes.push(`LONGHAUL_PROVENANCE must be on or off, got ${JSON.stringify(provenance)}`)
  const jobOutput = env['LOG_JOB_OUTPUT'] ?? ''
  if (!['', 'stdout'].includes(jobOutput))
    mistakes.push(`LOG_JOB_OUTPUT must be stdout or nothing, got ${JSON.stringify(jobOutput)}`)
  if (!Number.isInteger(config.port) || config.port < 0 || config.port > 65_535)
    mistakes.push(`PORT must be a whole number between 0 and 65535, got ${config.port}`)
  if (mistakes.length > 0)
    throw new LonghaulError('invalid-config', mistakes.join('; '), { facts: { mistakes } })
  return Object.freeze(config)
}
