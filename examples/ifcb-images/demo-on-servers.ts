/**
 * `npm run demo:servers`: the demo twice, embedded and then on a real PostgreSQL and a real S3 server that this starts, or on
 * those that DATABASE_URL and S3_* name. Every output must have the same digest, except results.json, which holds the job's
 * id. Exit code 1 when anything differs.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { startServers } from '../demo-kit/servers.ts'

const root = path.resolve(import.meta.dirname, '../..')
/** They hold the job's id: the processor's own summary, and the description that the demo saves beside the outputs. */
const ofThisJob = new Set(['results.json', 'job.json'])
const out = (name: string): string => path.join(root, 'demo-out', name)
const folders = { embedded: out('ifcb-embedded'), servers: out('ifcb-servers') }

await using servers = await startServers()
console.log('— embedded: SQLite and a folder')
await demo(folders.embedded, {})
console.log(`\n— on servers: ${servers.description}`)
await demo(folders.servers, servers.env)

const [embedded, shared] = await Promise.all([
  digestsOf(folders.embedded),
  digestsOf(folders.servers),
])
const names = [...new Set([...embedded.keys(), ...shared.keys()])].sort()
const differing = names.filter((name) => embedded.get(name) !== shared.get(name))
console.log()
for (const name of names)
  console.log(
    `${differing.includes(name) ? '≠' : '='} ${embedded.get(name)?.slice(0, 16)}…  ${name}`,
  )
const right = names.length > 0 && differing.length === 0
console.log(
  right
    ? `${names.length} outputs have the same digests on both`
    : `WRONG: ${differing.length} of ${names.length} outputs differ`,
)
process.exitCode = right ? 0 : 1

async function demo(folder: string, backends: Record<string, string>): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => name !== 'DATABASE_URL' && !name.startsWith('S3_'),
    ),
  )
  const child = spawn(
    process.execPath,
    ['--conditions=longhaul-source', path.join(import.meta.dirname, 'demo.ts'), '--out', folder],
    { cwd: root, env: { ...env, ...backends }, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The demo ended with ${code}`)
}

async function digestsOf(folder: string): Promise<Map<string, string>> {
  const results = path.join(folder, 'results')
  const files = (await readdir(results, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !ofThisJob.has(entry.name),
  )
  const digests = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
      return [path.relative(results, file), digest] as const
    }),
  )
  return new Map(digests)
}
