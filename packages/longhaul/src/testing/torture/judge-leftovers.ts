import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { provenanceName } from '../../reuse/index.ts'
import type { ObjectInfo } from '../../storage/object-store.ts'
import type { PublicationLine } from './evidence.ts'
import type { Finding } from './findings.ts'
import type { OpenedData } from './opened-data.ts'

/** Everything that a stopped service's data directory may hold; objects are asked of the store itself. */
const layout = [
  /^longhaul\.db(-wal|-shm)?$/,
  /^secret$/,
  // Room for the last words on a full disk.
  /^reserve$/,
  /^logs\/[^/]+\/\d+\.log$/,
  // Of the store's own folder, uploads and temporary files must be gone.
  /^objects\/(?!\.longhaul\/(uploads|tmp)\/)/,
]

/** Files outside the layout, uploads left open, and objects that belong to no completed job. */
export async function judgeLeftovers(
  data: OpenedData,
  dataDirs: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  const leaked = (what: string): number => findings.push({ kind: 'leaked', what })

  await data.uploads.expire()
  for (const dataDir of dataDirs) for (const what of await strangersIn(dataDir)) leaked(what)

  const prefix = `${data.config.resultsPrefix}/`
  for await (const { key, uploadId } of data.storage.listUploads('')) {
    const id = key.startsWith(prefix) ? key.slice(prefix.length).split('/')[0] : undefined
    const [job] = id ? await data.engine.get([id], 'everyone') : []
    // What was written before the checkpoint of a failed job is there for its retry.
    if (job?.state !== 'failed' || job.checkpointAt === undefined)
      leaked(`open upload ${uploadId} of ${key}, of a job that is ${job?.state}`)
  }

  const { objects } = await data.storage.list(prefix, { limit: 100_000 })
  const ids = [...new Set(objects.map(({ key }) => key.slice(prefix.length).split('/')[0] ?? ''))]
  const jobs = new Map((await data.engine.get(ids, 'everyone')).map((job) => [job.id, job]))
  for (const { key } of objects) {
    const job = jobs.get(key.slice(prefix.length).split('/')[0] ?? '')
    const outputs = job?.result?.outputs ?? []
    const beside = key === `${prefix}${job?.id}/${provenanceName}` && outputs.length > 0
    const known = beside || outputs.some((output) => output.key === key)
    if (job?.state !== 'completed' || !known)
      leaked(`object ${key}, of a job that is ${job?.state}`)
  }
  for (const key of await data.storage.list('jobs/', { limit: 100_000 }).then(keysOf)) {
    const [, id = '', what] = key.split('/')
    const [job] = await data.engine.get([id], 'everyone')
    // Of who failed or was cancelled, a retry goes on from the last checkpoint.
    if (what === 'checkpoints' && (!job || job.state === 'completed'))
      leaked(`object ${key}, of a job that is ${job?.state}`)
  }
  return findings
}

const keysOf = ({ objects }: { readonly objects: readonly ObjectInfo[] }): string[] =>
  objects.map(({ key }) => key)

async function strangersIn(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true })
  return entries.flatMap((entry) => {
    const name = path.relative(dataDir, path.join(entry.parentPath, entry.name))
    if (entry.isDirectory()) return /^work\/[^/]+$/.test(name) ? [`workspace ${name}`] : []
    return layout.some((pattern) => pattern.test(name)) ? [] : [`file ${name}`]
  })
}

/** One upload per key became an object, however often that was asked for. */
export function judgePublications(publications: readonly PublicationLine[]): Finding[] {
  const uploads = Map.groupBy(publications, ({ key }) => key)
  return [...uploads].flatMap(([key, lines]): Finding[] => {
    const different = new Set(lines.map(({ uploadId }) => uploadId)).size
    return different > 1
      ? [{ kind: 'doubled', what: `${key} was published from ${different} uploads` }]
      : []
  })
}
