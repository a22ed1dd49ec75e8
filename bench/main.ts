/** `npm run bench`: the promises in numbers, measured on the built command. `-- --check` exits 1 when one is missed. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { meets, table, type Figure } from './figure.ts'

type Measure = () => Promise<readonly Figure[]>

/** Loaded when chosen, so that one figure needs neither the servers nor the peers of another. */
const measurements: Readonly<Record<string, () => Promise<Measure>>> = {
  footprint: async () => (await import('./footprint.ts')).footprint,
  submitToCode: async () => (await import('./submit-to-code.ts')).submitToCode,
  submitRate: async () => (await import('./submit-rate.ts')).submitRate,
  roundTrips: async () => (await import('./round-trips.ts')).roundTrips,
  responsiveness: async () => (await import('./responsiveness.ts')).responsiveness,
  millionJobs: async () => (await import('./million-jobs.ts')).millionJobs,
  failover: async () => (await import('./failover.ts')).failover,
  progressWrites: async () => (await import('./progress-writes.ts')).progressWrites,
  scaleOut: async () => (await import('./scale-out.ts')).scaleOut,
  largeFiles: async () => {
    const { largeFiles } = await import('./large-files.ts')
    return () => largeFiles()
  },
  uploads: async () => {
    const measure = (await import('./uploads.ts')).uploads
    return () => measure()
  },
  downloads: async () => (await import('./downloads.ts')).downloads,
  batches: async () => {
    const measure = (await import('./batches.ts')).batches
    return () => measure()
  },
  callables: async () => (await import('./callables.ts')).callables,
  assets: async () => {
    const measure = (await import('./assets.ts')).assets
    return () => measure()
  },
  parquet: async () => (await import('./parquet.ts')).parquet,
  s3: async () => (await import('./s3.ts')).s3,
  ifcb: async () => (await import('./ifcb.ts')).ifcb,
  queuePeers: async () => (await import('./queue-peers.ts')).queuePeers,
  actions: async () => (await import('./actions.ts')).actions,
  redisPeer: async () => (await import('./redis-peer.ts')).redisPeer,
}

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !Object.hasOwn(measurements, name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}: name any of`)
  console.error(`  ${Object.keys(measurements).join(' ')}, or nothing for all`)
  process.exit(2)
}

execFileSync('npm', ['run', '-s', 'build'], {
  cwd: path.join(import.meta.dirname, '..'),
  stdio: 'inherit',
})
const figures: Figure[] = []
for (const [name, load] of Object.entries(measurements)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  console.error(`measuring ${name} …`)
  const measure = await load()
  figures.push(...(await measure()))
}
console.log(table(figures))
if (values.check && !figures.every(meets)) process.exit(1)
