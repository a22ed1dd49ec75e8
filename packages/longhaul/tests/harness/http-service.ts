import { isFinished, jobView, type JobView } from '@longhaul/protocol'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createApp, type App, type AppOptions, type ConfigOptions } from '../../src/app/index.ts'
import type { ProcessorSource } from '../../src/runners/runner.ts'
import { ownBackends } from './backends.ts'
import { until } from './until.ts'

/** A file of tests/fixtures. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
export const processorsFile = fixture('http-processors.ts')

/** A body whose shape the test itself asserts. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Loose = any

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  readonly json: Loose
}
export interface Call {
  readonly json?: unknown
  readonly form?: Record<string, string | readonly (string | [name: string, bytes: string])[]>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}
export interface HttpService {
  readonly app: App
  readonly url: string
  readonly folder: string
  /** What the service logged, parsed. */
  readonly logged: Record<string, unknown>[]
  /** `service.call('POST /jobs', { json })`. */
  call(what: string, call?: Call): Promise<Answer>
  /** Polls until the job has ended. */
  ended(jobId: string): Promise<JobView>
  stop(): Promise<void>
}

/** The whole service in this process on a free port, with its own data directory. */
export async function startHttpService(
  config: ConfigOptions = {},
  files: readonly (string | ProcessorSource)[] = [processorsFile],
  unsafe?: AppOptions['unsafe'],
): Promise<HttpService> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-http-'))
  const logged: Record<string, unknown>[] = []
  const write = (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>)
  const app = await createApp({
    sources: files.map((file) => (typeof file === 'string' ? { kind: 'file', path: file } : file)),
    config: { dataDir: path.join(folder, 'data'), ...(await ownBackends()), ...config },
    log: pino({ level: 'info' }, { write }),
    ...(unsafe && { unsafe }),
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const call = async (what: string, options: Call = {}): Promise<Answer> => {
    const [method = 'GET', where = '/'] = what.split(' ')
    const response = await fetch(new URL(where, url), {
      method,
      redirect: 'manual',
      headers: {
        ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.signal && { signal: options.signal }),
      ...bodyOf(options),
    })
    const text = await response.text()
    const { status, headers } = response
    // The type says `any`, so that tests can name a field and assert it in one line.
    return {
      status,
      headers,
      text,
      get json(): unknown {
        return JSON.parse(text) as unknown
      },
    }
  }
  await until('every setup', async () => (await call('GET /health/ready')).status === 200)
  return {
    app,
    url,
    folder,
    logged,
    call,
    ended: (jobId) =>
      until(`the end of ${jobId}`, async () => {
        const answer = await call(`GET /jobs/${jobId}?view=native`)
        const job = jobView.parse(answer.json)
        return isFinished(job.status) ? job : undefined
      }),
    async stop() {
      await app.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function bodyOf({ json, form, body }: Call): RequestInit {
  if (json !== undefined) return { body: JSON.stringify(json) }
  if (form === undefined) return body === undefined ? {} : { body }
  const data = new FormData()
  for (const [name, value] of Object.entries(form))
    for (const one of typeof value === 'string' ? [value] : value)
      if (typeof one === 'string') data.append(name, one)
      else data.append(name, new Blob([one[1]]), one[0])
  return { body: data }
}
