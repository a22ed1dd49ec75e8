import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqlite } from '../packages/longhaul/src/database/index.ts'
import type { JobEngine, NewJob, WorkerInfo } from '../packages/longhaul/src/jobs/engine.ts'
import { sqliteEngine } from '../packages/longhaul/src/jobs/sqlite/index.ts'
import { percentile, type Figure } from './figure.ts'
import { startService } from './service.ts'

const seeded = 1_000
const copies = 1_000
const claimJobs = 3_000
const batch = 10
const worker: WorkerInfo = { id: 'bench', host: 'here', bootId: 'boot', pid: 1, slots: batch }

/** A service that has been used for years: a page of the list is as quick, and a claim costs the same, as on its first day. */
export async function millionJobs(): Promise<readonly Figure[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-million-'))
  const file = path.join(dataDir, 'longhaul.db')
  try {
    const open = async () => {
      const database = await openSqlite({ path: file, statements: {} })
      return { engine: sqliteEngine(database, {}), close: () => database.close() }
    }
    const empty = await open()
    await claimsPerSecond(empty.engine, 'warm-up')
    const first = await claimsPerSecond(empty.engine, 'first')
    await seed(empty.engine)
    await empty.close()
    multiply(file)

    const full = await open()
    await full.engine.recount({ mend: true })
    await claimsPerSecond(full.engine, 'warm')
    const later = await claimsPerSecond(full.engine, 'later')
    await full.close()
    return [
      {
        name: 'claims with a million jobs stored, over an empty database',
        value: later / first,
        unit: '×',
        target: { atLeast: 0.8 },
        beside: `${first.toFixed(0)} and ${later.toFixed(0)} jobs claimed and settled a second, ${batch} at a time`,
      },
      await pages(dataDir),
    ]
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

const newJob = (id: string, queue: string, owner: string): NewJob => ({
  ...{ id, queue, owner, processor: queue, version: '1', kind: 'processor' },
  params: { input: { threshold: 0.4, note: 'as many words as inputs often have' } },
})

async function claimsPerSecond(engine: JobEngine, name: string): Promise<number> {
  for (let n = 0; n < claimJobs; n += 500)
    await engine.submit(
      Array.from({ length: 500 }, (_, at) =>
        newJob(`${name}-${n + at}`, 'bench', `owner-${at % 5}`),
      ),
    )
  const began = performance.now()
  for (let done = 0; done < claimJobs;) {
    const claims = await engine.claim(worker, [{ queue: 'bench', slots: batch }])
    await settleAll(engine, claims)
    done += claims.length
  }
  return claimJobs / ((performance.now() - began) / 1000)
}

async function settleAll(
  engine: JobEngine,
  claims: Awaited<ReturnType<JobEngine['claim']>>,
): Promise<void> {
  const problem = {
    ...{ type: '/problems/permanent', title: 'The processor failed', status: 500 },
    ...{ code: 'permanent' as const, detail: 'expected grey, got (1024, 1024, 3)' },
  }
  await engine.settle(
    claims.map(({ lease, job }): Parameters<JobEngine['settle']>[0][number] => ({
      lease,
      outcome: job.id.endsWith('7')
        ? { kind: 'failed', problem, retry: 'never' }
        : { kind: 'completed', result: { value: { cells: 12 }, outputs: [] } },
    })),
  )
}

/** Jobs of four processors and two hundred owners: nine of ten have ended, a tenth of those failed. */
async function seed(engine: JobEngine): Promise<void> {
  const jobs = Array.from({ length: seeded }, (_, n) =>
    newJob(`seed-${n}`, ['segment', 'thumbs', 'heat', 'convert'][n % 4] ?? '', `owner-${n % 200}`),
  )
  await engine.submit(jobs)
  for (const queue of ['segment', 'thumbs', 'heat', 'convert'])
    for (let n = 0; n < (seeded / 4) * 0.9; n += 25)
      await settleAll(engine, await engine.claim(worker, [{ queue, slots: 25 }]))
}

/** A million through the front door takes minutes; rows that are copied are rows all the same. Counters are mended after. */
function multiply(file: string): void {
  const database = new DatabaseSync(file)
  const columns = database
    .prepare('PRAGMA table_info(job)')
    .all()
    .map(({ name }) => String(name))
    .filter((name) => name !== 'seq')
  const values = columns.map((name) => (name === 'id' ? `job.id || '-' || copy.n` : `job.${name}`))
  database.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000')
  database.exec(`INSERT INTO job (${columns.join(', ')})
    WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ${copies})
    SELECT ${values.join(', ')} FROM copy, job WHERE job.id LIKE 'seed-%'`)
  database.exec('ANALYZE')
  database.close()
}

async function pages(dataDir: string): Promise<Figure> {
  await using service = await startService({}, undefined, { dataDir })
  const times: number[] = []
  let total = 0
  for (let n = 0; n < 100; n++) {
    const processor = ['segment', 'thumbs', 'heat', 'convert'][n % 4]
    const began = performance.now()
    const answer = await fetch(
      `${service.url}/jobs?view=native&status=failed&processor=${processor}&limit=50`,
    )
    const page = (await answer.json()) as { jobs: unknown[]; total: number }
    if (n >= 10) times.push(performance.now() - began)
    if (page.jobs.length !== 50) throw new Error(`a page of ${page.jobs.length}`)
    total = page.total
  }
  return {
    name: 'filtered page of 50 over HTTP, a million jobs stored: p95',
    value: percentile(times, 0.95),
    unit: 'ms',
    target: { atMost: 20 },
    beside: `p50 ${percentile(times, 0.5).toFixed(1)}, total says ${total}`,
  }
}
