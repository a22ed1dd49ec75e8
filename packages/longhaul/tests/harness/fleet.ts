import { isFinished, jobView, type JobView } from '@longhaul/protocol'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createApp, type App, type ConfigOptions } from '../../src/app/index.ts'
import type { Storage } from '../../src/storage/index.ts'
import { ownBackends } from './backends.ts'
import { startServer, type ServerProcess } from './server-process.ts'
import { until } from './until.ts'

const processors = fileURLToPath(new URL('../fixtures/role-processors.ts', import.meta.url))
export const apiOnly = { roles: { api: true, worker: false } } as const
export const workerOnly = { roles: { api: false, worker: true } } as const

/** Several processes' worth of services on the same backends, in this one. */
export interface Fleet {
  /** What every member is configured with. */
  readonly config: ConfigOptions
  readonly folder: string
  start(config?: ConfigOptions, wrapStorage?: (storage: Storage) => Storage): Promise<App>
  /** The same in a process of its own, to be killed. */
  startProcess(config?: ConfigOptions): Promise<ServerProcess>
  submit(api: App, processor: string, input: object): Promise<string>
  read(api: App, id: string): Promise<JobView>
  /** Until it is so, in the canonical view. */
  job(api: App, id: string, what: string, is: (job: JobView) => boolean): Promise<JobView>
  ended(api: App, id: string): Promise<JobView>
  stop(): Promise<void>
}

export async function startFleet(common: ConfigOptions = {}): Promise<Fleet> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-fleet-'))
  const backends = await ownBackends()
  const apps: App[] = []
  const processes: ServerProcess[] = []
  // On SQLite all members are on one machine and share its folder; elsewhere each has its own host.
  const dataDir = () =>
    path.join(
      folder,
      backends.databaseUrl === undefined ? 'data' : `data-${apps.length + processes.length}`,
    )
  const read = async (api: App, id: string) =>
    jobView.parse((await api.inject(`/jobs/${id}?view=native`)).json())
  const job: Fleet['job'] = (api, id, what, is) =>
    until(what, async () => {
      const now = await read(api, id)
      return is(now) ? now : undefined
    })
  const config = { leaseMs: 5000, ...backends, ...common }
  return {
    config,
    folder,
    async start(more = {}, wrapStorage) {
      const app = await createApp({
        sources: [{ kind: 'file', path: processors }],
        config: { dataDir: dataDir(), ...config, ...more },
        ...(wrapStorage && { unsafe: { wrapStorage } }),
        log: pino({ level: process.env['FLEET_LOG'] ?? 'silent' }),
      })
      apps.push(app)
      return app
    },
    async startProcess(more = {}) {
      const server = await startServer({
        sources: [{ kind: 'file', path: processors }],
        config: { dataDir: dataDir(), ...config, ...more },
      })
      processes.push(server)
      return server
    },
    async submit(api, processor, input) {
      const url = `/processors/${processor}/jobs`
      const answer = await api.inject({ method: 'POST', url, payload: { input } })
      return jobView.parse(answer.json()).job_id
    },
    read,
    job,
    ended: (api, id) => job(api, id, `the end of ${id}`, ({ status }) => isFinished(status)),
    async stop() {
      await Promise.all(apps.map((app) => app.stop()))
      for (const server of processes)
        if (server.child.exitCode === null) await server.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
