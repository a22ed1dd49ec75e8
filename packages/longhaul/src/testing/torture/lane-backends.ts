import type { S3Config } from '../../app/config.ts'
import type { BackendName, TortureBackends } from './backends.ts'
import type { ClusterServers } from './cluster-servers.ts'
import { embeddedBackends } from './embedded-backends.ts'

/** The S3 server serves all runs; each lane of runs restarts a PostgreSQL server of its own. */
export class OpenServers implements AsyncDisposable {
  #swift: Promise<Swift | undefined> | undefined

  async cluster(): Promise<ClusterServers> {
    // Development's alone: whoever has longhaul installed and never asks for it needs neither.
    const [{ startTestPostgres }, { startTestSwift }] = await Promise.all([
      import('../servers/postgres.ts'),
      import('../servers/swift.ts'),
    ])
    const swift = await (this.#swift ??= startTestSwift())
    if (swift === undefined)
      throw new Error('postgres+s3 needs an S3 server: install Swift, or name one')
    const postgres = await startTestPostgres()
    return {
      databaseUrl: postgres.url,
      createDatabase: () => postgres.createDatabase(),
      createBucket: async () => ({ s3: swift.s3, bucket: await swift.newBucket() }),
      restartDatabase: (how) => postgres.restart(how),
      stop: () => postgres.stop(),
    }
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
    const [{ clusterBackends }, servers] = await Promise.all([
      import('./cluster-backends.ts'),
      this.#servers.cluster(),
    ])
    return clusterBackends(servers)
  }
}
