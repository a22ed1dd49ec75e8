import type { S3Config } from '../../app/config.ts'
import type { BackendName, TortureBackends } from './backends.ts'
import type { ClusterServers, DatabaseServer } from './cluster-servers.ts'
import { embeddedBackends } from './embedded-backends.ts'

/** The S3 server serves all runs; each lane of runs restarts a PostgreSQL server of its own. */
export class OpenServers implements AsyncDisposable {
  #swift: Promise<Swift | undefined> | undefined

  // Development's alone: whoever has longhaul installed and never asks for them needs neither.
  async database(): Promise<DatabaseServer> {
    const { startTestPostgres } = await import('../servers/postgres.ts')
    const postgres = await startTestPostgres()
    return {
      databaseUrl: postgres.url,
      createDatabase: () => postgres.createDatabase(),
      restartDatabase: (how) => postgres.restart(how),
      stop: () => postgres.stop(),
    }
  }

  async cluster(): Promise<ClusterServers> {
    const { startTestSwift } = await import('../servers/swift.ts')
    const swift = await (this.#swift ??= startTestSwift())
    if (swift === undefined)
      throw new Error('postgres+s3 needs an S3 server: install Swift, or name one')
    const createBucket = async () => ({ s3: swift.s3, bucket: await swift.newBucket() })
    return { ...(await this.database()), createBucket }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#swift)?.stop()
  }
}

interface Swift {
  readonly s3: S3Config
  newBucket(): Promise<string>
  stop(): Promise<void>
}

/** What the runs of one lane use, one after the other; opened when first asked for. */
export class LaneBackends implements AsyncDisposable {
  readonly #servers: OpenServers
  readonly #opened = new Map<BackendName, Promise<TortureBackends>>()

  constructor(servers: OpenServers) {
    this.#servers = servers
  }

  of(name: BackendName): Promise<TortureBackends> {
    const opened = this.#opened.get(name) ?? this.#open(name)
    this.#opened.set(name, opened)
    return opened
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backends of this.#opened.values()) await (await backends)[Symbol.asyncDispose]()
  }

  async #open(name: BackendName): Promise<TortureBackends> {
    if (name === 'sqlite+local') return embeddedBackends()
    if (name === 'postgres+local') {
      const { postgresLocalBackends } = await import('./postgres-local-backends.ts')
      return postgresLocalBackends(await this.#servers.database())
    }
    const { clusterBackends } = await import('./cluster-backends.ts')
    return clusterBackends(await this.#servers.cluster())
  }
}
