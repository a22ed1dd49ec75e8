import { execFile, spawnSync } from 'node:child_process'
import { openAsBlob } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { commandOf, descendantsOf, isAlive } from '../demo-kit/processes.ts'
import { barLine, createProgressBar } from '../demo-kit/progress-bar.ts'
import { watchJob, type Watched } from '../demo-kit/watch-job.ts'
import type { Transcript } from './transcript.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0

/** `POST …/jobs` as a form, by the very curl line that is shown. `@` before a value sends a file of `folder`. */
export async function submitForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  folder: string,
  transcript: Transcript,
): Promise<string> {
  const form = Object.entries(fields).flatMap(([name, value]) => ['-F', `${name}=${value}`])
  transcript.command(`curl ${form.join(' ')} ${url}`)
  const text = hasCurl
    ? (await promisify(execFile)('curl', ['-sS', ...form, url], { cwd: folder })).stdout
    : await byFetch(url, fields, folder)
  const job = JSON.parse(text) as { job_id?: string; status?: string }
  if (job.job_id === undefined) throw new Error(`POST ${url} answered ${text}`)
  transcript.answer(`{"job_id":"${job.job_id}","status":"${job.status}", …}`)
  return job.job_id
}

async function byFetch(
  url: string,
  fields: Readonly<Record<string, string>>,
  folder: string,
): Promise<string> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields))
    if (value.startsWith('@'))
      form.append(name, await openAsBlob(path.join(folder, value.slice(1))), value.slice(1))
    else form.append(name, value)
  return (await fetch(url, { method: 'POST', body: form })).text()
}

/** Follows a job to its end with a live bar on stderr; its last state goes into the transcript. */
export async function follow(url: string, jobId: string, transcript: Transcript): Promise<Watched> {
  const events = `${url}/jobs/${jobId}/events`
  transcript.command(`curl -N ${events}`)
  const bar = createProgressBar()
  const watched = await watchJob(events, bar.draw)
  bar.end()
  const last = watched.progress.findLast(({ done }) => done !== null)
  if (last) transcript.answer(barLine(last).trim())
  transcript.answer(`${jobId} ${watched.types.at(-1)}`)
  return watched
}

/** Resolves once the job has reported progress, or has started when it never will. */
export async function untilUnderWay(
  url: string,
  jobId: string,
  withProgress: boolean,
): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const job = await jobOf(url, jobId)
    if (job.status === 'running' && (!withProgress || (job.progress?.done ?? 0) > 0)) return
    if (job.status !== 'queued' && job.status !== 'running')
      throw new Error(`${jobId} is ${job.status}: ${job.error}`)
    if (Date.now() > deadline) throw new Error(`${jobId} did not get under way in 20 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Cancels a running job. Answers how long its processes lived on, in milliseconds since the request was sent. */
export async function cancel(
  { url, pid }: { readonly url: string; readonly pid: number },
  jobId: string,
  program: string,
  transcript: Transcript,
): Promise<{ readonly goneMs: number; readonly status: string; readonly processes: number }> {
  const family = (await descendantsOf(pid)).filter((one) => commandOf(one).includes(program))
  transcript.command(`curl -X POST ${url}/jobs/${jobId}/cancel`)
  const asked = performance.now()
  const response = await fetch(`${url}/jobs/${jobId}/cancel`, { method: 'POST' })
  if (!response.ok) throw new Error(`Cancel answered ${response.status}: ${await response.text()}`)
  while (family.some(isAlive) && performance.now() - asked < 15_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  const goneMs = performance.now() - asked
  const { types } = await watchJob(`${url}/jobs/${jobId}/events`)
  return { goneMs, status: types.at(-1) ?? 'unknown', processes: family.length }
}

export interface JobState {
  readonly status: string
  readonly error: string | null
  readonly result: unknown
  readonly progress: { readonly done: number | null } | null
  readonly outputs: readonly {
    readonly name: string
    readonly url: string
    readonly sha256: string
  }[]
}

export async function jobOf(url: string, jobId: string): Promise<JobState> {
  const response = await fetch(`${url}/jobs/${jobId}?view=native`)
  if (!response.ok) throw new Error(`GET /jobs/${jobId} answered ${response.status}`)
  return (await response.json()) as JobState
}

/** The bytes of a job's only output. */
export async function onlyOutput(
  url: string,
  jobId: string,
  transcript: Transcript,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const { outputs, status, error } = await jobOf(url, jobId)
  const [output] = outputs
  if (output === undefined) throw new Error(`${jobId} is ${status} without an output: ${error}`)
  transcript.command(`curl -OJ ${new URL(output.url, url)}`)
  const response = await fetch(new URL(output.url, url))
  if (!response.ok) throw new Error(`GET ${output.url} answered ${response.status}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  transcript.answer(`${output.name}  ${bytes.length} bytes  sha256 ${output.sha256.slice(0, 12)}…`)
  return { name: output.name, bytes }
}
