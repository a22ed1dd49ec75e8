import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface FinishedJob {
  readonly job_id: string
  readonly status: string
  readonly error: string | null
  readonly attempt: number
  readonly result: unknown
  readonly outputs: readonly {
    readonly name: string
    readonly url: string
    readonly size_bytes: number
    readonly sha256: string
  }[]
}

/** Fetches a job's document as `job.json` and every output under its name. */
export async function downloadOutputs(
  baseUrl: string,
  jobId: string,
  folder: string,
): Promise<FinishedJob> {
  const response = await fetch(`${baseUrl}/jobs/${jobId}?view=native`)
  if (!response.ok) throw new Error(`GET /jobs/${jobId} answered ${response.status}`)
  const job = (await response.json()) as FinishedJob
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'job.json'), `${JSON.stringify(job, null, 2)}\n`)
  for (const { name, url } of job.outputs) {
    const bytes = await fetch(new URL(url, baseUrl))
    if (!bytes.ok || bytes.body === null) throw new Error(`GET ${url} answered ${bytes.status}`)
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await pipeline(Readable.fromWeb(bytes.body), createWriteStream(file))
  }
  return job
}
