import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const root = path.join(import.meta.dirname, '..')

export interface Service extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** From the start of the process to the first healthy answer. */
  readonly startMs: number
  /** Without a word, as a host that lost its power. */
  kill(): Promise<void>
}

export interface ServiceOptions {
  /** `worker` answers /health alone. @default 'serve' */
  readonly command?: 'serve' | 'worker'
  readonly flags?: readonly string[]
  /** @default a fresh one, removed afterwards */
  readonly dataDir?: string
}
export const benchProcessors = path.join(root, 'bench/processors/bench.ts')

/** The built command as a user starts it. */
export async function startService(
  env: Readonly<Record<string, string>> = {},
  sources: readonly string[] = [benchProcessors],
  { command = 'serve', flags = [], dataDir }: ServiceOptions = {},
): Promise<Service> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-'))
  const log = path.join(folder, 'serve.log')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const output = openSync(log, 'w')
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'packages/longhaul/bin/longhaul.js'),
      command,
      ...sources,
      ...flags,
      ...['--port', String(port), '--data', dataDir ?? path.join(folder, 'data')],
    ],
    { stdio: ['ignore', output, output], env: { ...process.env, LOG_LEVEL: 'warn', ...env } },
  )
  closeSync(output)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || performance.now() - began > 30_000) {
      const said = await readFile(log, 'utf8')
      await stop()
      throw new Error(`The service did not start:\n${said}`)
    }
    await pause(5)
  }
  return {
    url,
    pid: child.pid ?? 0,
    startMs: performance.now() - began,
    kill,
    [Symbol.asyncDispose]: stop,
  }
}

/** Waits until every processor has a warm process. */
export async function warmedUp({ url }: Service): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/health/ready`)
    if (answer.ok) return
    await pause(50)
  }
}

export async function submit(service: Service, processor: string, input: object): Promise<string> {
  const answer = await fetch(`${service.url}/processors/${processor}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
  })
  if (!answer.ok) throw new Error(`submit: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { job_id: string }).job_id
}

interface JobSeen {
  readonly status: string
  readonly result: unknown
  readonly error: string | null
}

/** Answers the result; throws when the job does not complete. */
export async function resultOf(service: Service, id: string, everyMs = 20): Promise<unknown> {
  for (;;) {
    const answer = await fetch(`${service.url}/jobs/${id}?view=native`)
    const job = (await answer.json()) as JobSeen
    if (job.status === 'completed') return job.result
    if (job.status === 'failed' || job.status === 'cancelled')
      throw new Error(`${id} ${job.status}: ${job.error}`)
    await pause(everyMs)
  }
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.ok
    },
    () => false,
  )
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
