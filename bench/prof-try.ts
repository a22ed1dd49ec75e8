import { startTestPostgres } from '/work/main/packages/longhaul/src/testing/servers/postgres.ts'
import { openPostgres } from '../packages/longhaul/src/database/postgres/index.ts'
import { drainLonghaul } from './queue-peers-drain.ts'
const pg = await startTestPostgres({ durable: true })
const mode = process.argv[2] ?? ''
try {
  const admin = await openPostgres({ url: await pg.createDatabase(), statements: {} })
  await admin.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
  await admin.close(); await pg.restart()
  const url = await pg.createDatabase()
  const db = await openPostgres({ url, statements: {} })
  await db.query('CREATE EXTENSION pg_stat_statements')
  if (mode.includes('noidx')) for (const i of ['job_by_kind', 'job_by_owner', 'job_by_processor', 'job_by_owner_processor']) await db.query('DROP INDEX ' + i)
  const d = await drainLonghaul(url)
  await d.fill(3000); await d.drain(3000, 100)
  for (const [batch, jobs] of [[1, 500], [10, 3000], [100, 12000]] as const) {
    await d.fill(jobs)
    await db.query('SELECT pg_stat_statements_reset()')
    const t = performance.now(), c0 = process.cpuUsage()
    await d.drain(jobs, batch)
    const s = performance.now() - t, c = process.cpuUsage(c0)
    const rows = await db.query<any>(`SELECT calls, round(total_exec_time::numeric, 1)::float AS exec, wal_bytes::float8 AS wal, query FROM pg_stat_statements WHERE query NOT LIKE '%reset%' ORDER BY total_exec_time DESC LIMIT 9`)
    console.log('== batch', batch, Math.round(jobs / s * 1000), 'jobs/s', 'µs/job wall', (s * 1000 / jobs).toFixed(0), 'node', ((c.user + c.system) / jobs).toFixed(0))
    for (const r of rows) console.log(String(r.calls).padStart(5), 'µs/job', (r.exec * 1000 / jobs).toFixed(1), 'wal/job', Math.round(r.wal / jobs), r.query.replace(/\s+/g, ' ').slice(0, 70))
  }
  await d.stop(); await db.close()
} finally { await pg.stop() }
