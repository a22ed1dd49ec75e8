import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Lease } from '../jobs/engine.ts'
import { attemptLogKey } from '../jobs/job.ts'
import { readAttemptLog } from '../runners/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { repeat } from './repeat.ts'

const MiB = 1024 ** 2
const lookEveryMs = 2000
const lastCopyWithinMs = 20_000

/**
 * Copies of attempts' logs in the store, for API processes on other hosts. While an attempt runs, a log that grew is copied
 * every 2 s, a long one less often: on average no more than 1 MiB a second is sent for one attempt, one copy at a time for
 * all. Its end brings the whole log, before the job's end is told.
 */
export class LogCopies {
  readonly #storage: Pick<Storage, 'put'>
  readonly #dataDir: string
  readonly #log: Logger
  readonly #followed = new Map<string, { readonly lease: Lease; bytes: number; due: number }>()

  constructor(storage: Pick<Storage, 'put'>, dataDir: string, log: Logger) {
    this.#storage = storage
    this.#dataDir = dataDir
    this.#log = log
  }

  follow(lease: Lease): void {
    this.#followed.set(lease.nonce, { lease, bytes: 0, due: 0 })
  }

  /** Nothing more comes of it. */
  forget(lease: Lease): void {
    this.#followed.delete(lease.nonce)
  }

  /** The whole log, at the end of the attempt. Never throws: a log that cannot be stored costs the log. */
  async finish(lease: Lease): Promise<void> {
    const before = this.#followed.get(lease.nonce)
    this.#followed.delete(lease.nonce)
    const bytes = await this.#size(lease)
    if (bytes === 0 || bytes === before?.bytes) return
    await this.#copy(lease, AbortSignal.timeout(lastCopyWithinMs)).catch((error: unknown) =>
      this.#log.warn({ err: error, job_id: lease.jobId }, 'the log could not be stored'),
    )
  }

  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return repeat('copying logs', lookEveryMs, () => this.#round(signal), {
      signal,
      log: this.#log,
    })
  }

  async #round(signal: AbortSignal): Promise<void> {
    for (const followed of [...this.#followed.values()]) {
      if (performance.now() < followed.due) continue
      const bytes = await this.#size(followed.lease)
      if (bytes === followed.bytes) continue
      await this.#copy(followed.lease, signal)
      followed.bytes = bytes
      followed.due = performance.now() + (bytes / MiB) * 1000
      if (signal.aborted) return
    }
  }

  async #copy(lease: Lease, signal: AbortSignal): Promise<void> {
    await storeLog(this.#storage, this.#fileOf(lease), lease, signal)
  }

  #fileOf({ jobId, attempt }: Lease): string {
    return path.join(this.#dataDir, 'logs', jobId, `${attempt}.log`)
  }

  /** Of the log and the pieces beside it; what it is worth to look again for. */
  async #size(lease: Lease): Promise<number> {
    const file = this.#fileOf(lease)
    const folder = path.dirname(file)
    let bytes = 0
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.startsWith(path.basename(file))) continue
      const { size } = await stat(path.join(folder, name)).catch(() => ({ size: 0 }))
      bytes += size
    }
    return bytes
  }
}

/** The log of one attempt, as one object. */
export async function storeLog(
  storage: Pick<Storage, 'put'>,
  file: string,
  { jobId, attempt }: Pick<Lease, 'jobId' | 'attempt'>,
  signal?: AbortSignal,
): Promise<void> {
  const options = { mediaType: 'application/x-ndjson', ...(signal ? { signal } : {}) }
  await storage.put(attemptLogKey(jobId, attempt), linesOf(file), options)
}

async function* linesOf(file: string): AsyncGenerator<Uint8Array> {
  let chunk = ''
  for await (const line of readAttemptLog(file)) {
    chunk += `${JSON.stringify(line)}\n`
    if (chunk.length < 64 * 1024) continue
    yield Buffer.from(chunk)
    chunk = ''
  }
  if (chunk !== '') yield Buffer.from(chunk)
}
