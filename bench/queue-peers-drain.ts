import { pathToFileURL } from 'node:url'
import { openPostgres } from '../packages/longhaul/src/database/postgres/index.ts'
import { postgresEngine } from '../packages/longhaul/src/jobs/postgres/index.ts'

/** One queue on one database. `drain` is one worker that takes `batch` jobs, does nothing, and says that they are done. */
export interface Drain {
  fill(jobs: number): Promise<void>
  drain(jobs: number, batch: number): Promise<void>
  stop(): Promise<void>
}

/** With all that longhaul keeps: rows, attempts, events, counters, fair share. */
export async function drainLonghaul(url: string): Promise<Drain> {
  const database = await openPostgres({ url, statements: {} })
  const engine = postgresEngine(database)
  const worker = { id: 'bench', host: 'here', bootId: 'b', pid: process.pid, slots: 100 }
  let made = 0
  const newJob = () => ({
    id: `job-${(made += 1)}`,
    queue: 'bench',
    processor: 'bench',
    version: '1',
    kind: 'processor' as const,
    owner: 'ann',
    params: { input: {} },
  })
  return {
    async fill(jobs) {
      for (let left = jobs; left > 0; left -= 1000)
        await engine.submit(Array.from({ length: Math.min(1000, left) }, newJob))
    },
    async drain(jobs, batch) {
      const wants = [{ queue: 'bench', slots: batch }]
      const outcome = { kind: 'completed', result: { value: null, outputs: [] } } as const
      let claims = await engine.claim(worker, wants)
      for (let done = 0; done < jobs;) {
        const items = claims.map(({ lease }) => ({ lease, outcome }))
        done += items.length
        // As the worker does: what ends and what begins in its place are one call.
        claims = (await engine.settleAndClaim(items, worker, wants)).claims
      }
    },
    stop: () => database.close(),
  }
}

interface PgBoss {
  on(event: 'error', listener: (error: Error) => void): void
  start(): Promise<unknown>
  stop(options: { graceful: boolean }): Promise<void>
  createQueue(name: string): Promise<void>
  insert(name: string, jobs: readonly { data: object }[]): Promise<unknown>
  fetch(name: string, options: { batchSize: number }): Promise<readonly { id: string }[]>
  complete(name: string, ids: readonly string[]): Promise<unknown>
}

/** Bare: its own row and nothing beside it; its supervisor off, because it has nothing to do here. */
export async function drainPgBoss(url: string, module: string): Promise<Drain> {
  const { PgBoss: Boss } = (await import(pathToFileURL(module).href)) as {
    PgBoss: new (options: object) => PgBoss
  }
  const boss = new Boss({ connectionString: url, supervise: false, schedule: false })
  // A server that is stopped while connections say goodbye is no finding.
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue('bench')
  return {
    async fill(jobs) {
      for (let left = jobs; left > 0; left -= 1000)
        await boss.insert(
          'bench',
          Array.from({ length: Math.min(1000, left) }, () => ({ data: { input: {} } })),
        )
    },
    async drain(jobs, batch) {
      for (let done = 0; done < jobs;) {
        const taken = await boss.fetch('bench', { batchSize: batch })
        await boss.complete(
          'bench',
          taken.map((job) => job.id),
        )
        done += taken.length
      }
    },
    stop: () => boss.stop({ graceful: false }),
  }
}

interface BullQueue {
  waitUntilReady(): Promise<unknown>
  addBulk(jobs: readonly { name: string; data: object }[]): Promise<unknown>
  close(): Promise<void>
}
interface BullWorker {
  run(): Promise<void>
  on(event: 'completed', listener: () => void): void
  on(event: 'error', listener: (error: Error) => void): void
  close(): Promise<void>
}
interface Bullmq {
  Queue: new (name: string, options: object, backend: unknown) => BullQueue
  Worker: new (
    name: string,
    work: () => Promise<null>,
    options: object,
    backend: unknown,
  ) => BullWorker
  createPostgresBackend: unknown
}

/** Its worker takes jobs one by one; `batch` is how many it works on at once. */
export async function drainBullmq(url: string, module: string): Promise<Drain> {
  const bull = (await import(pathToFileURL(module).href)) as Bullmq
  const connection = { connectionString: url, migrate: true }
  const queue = new bull.Queue('bench', { connection }, bull.createPostgresBackend)
  await queue.waitUntilReady()
  return {
    async fill(jobs) {
      for (let left = jobs; left > 0; left -= 1000)
        await queue.addBulk(
          Array.from({ length: Math.min(1000, left) }, () => ({ name: 'noop', data: {} })),
        )
    },
    async drain(jobs, batch) {
      const options = { connection, concurrency: batch, autorun: false }
      const worker = new bull.Worker('bench', async () => null, options, bull.createPostgresBackend)
      await new Promise<void>((finished, failed) => {
        let done = 0
        worker.on('completed', () => {
          done += 1
          if (done === jobs) finished()
        })
        worker.on('error', failed)
        worker.run().catch(failed)
      })
      await worker.close()
    },
    stop: () => queue.close(),
  }
}
