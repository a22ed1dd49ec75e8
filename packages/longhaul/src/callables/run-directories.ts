import { existsSync } from 'node:fs'
import { mkdir, open, opendir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { systemDJob } from '../jobs/index.ts'
import { isTerminal, type Job, type JobId } from '../jobs/job.ts'
import { removeUnfinished, writeWhole } from './run-files.ts'
import { runLogs } from './run-logs.ts'

type Parts = Pick<Services, 'config' | 'engine' | 'storage' | 'log'>

/** Changes are heard of at once; this often those are looked for of which nothing was heard. */
const lookEveryMs = 5000
const soonMs = 100
const longestPage = 500
const rememberedEnds = 10_000
/** Id and status stand at the beginning of the file. */
const headBytes = 512

/**
 * `<runs>/<job_id>/{status.json, stdout.log, stderr.log, result.json}`: what the database says of a callable's job, for those
 * who read files. The database is the truth, and this its picture: each file is replaced whole, `status.json` last, and one
 * that says less than the database is brought up to it, also after a crash. Folders of jobs that the database does not know
 * are left alone.
 */
export class RunDirectories {
  readonly #parts: Parts
  readonly #folder: string
  readonly #stopping = new AbortController()
  /** Whose file says that they go on, and as of which change of the job. */
  readonly #open = new Map<JobId, string>()
  /** Whose file says how they ended; the newest of them. */
  readonly #ended = new Map<JobId, string>()
  /** What is being written, and what is to be written after it. */
  readonly #writing = new Map<JobId, Promise<void>>()
  readonly #waiting = new Map<JobId, Promise<void>>()
  /** Which have changed and may go on to change. */
  readonly #soon = new Set<JobId>()
  #timer: NodeJS.Timeout | undefined
  #loops: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#folder = parts.config.callables.runsDir
  }

  /** Throws 'invalid-config' where the folder cannot be made. What a crash left behind is mended meanwhile. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true }).catch((cause: unknown) => {
      throw new LonghaulError(
        'invalid-config',
        `The run directories of callables cannot be kept in ${this.#folder}: ${(cause as Error).message}; QUANT_RUNS_DIR names another folder.`,
        { cause },
      )
    })
    this.#loops = Promise.all([this.#mend(), this.#listen(), this.#look()])
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#loops
    await Promise.all([...this.#writing.values(), ...this.#waiting.values()])
  }

  /** Never throws: a picture that cannot be written is tried again, and costs nobody the job. */
  async reflect(job: Pick<Job, 'id'> | Job): Promise<void> {
    if ('state' in job && this.#says(job)) return
    await (this.#waiting.get(job.id) ?? this.#next(job.id))
  }

  /** When it has lasted for a moment: a job that ends at once is told of once, by whoever ends it. */
  reflectSoon(id: JobId): void {
    this.#soon.add(id)
    this.#timer ??= setTimeout(() => void this.#reflectNow(), soonMs)
  }

  async #reflectNow(): Promise<void> {
    const ids = [...this.#soon]
    this.#soon.clear()
    this.#timer = undefined
    try {
      const jobs = await this.#parts.engine.get(ids, 'everyone')
      await Promise.all(jobs.filter((job) => !this.#says(job)).map((job) => this.reflect(job)))
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'run directories wait for the database')
    }
  }

  #says(job: Job): boolean {
    const change = changeOf(job)
    return this.#open.get(job.id) === change || this.#ended.get(job.id) === change
  }

  /** One after the other, each of what the database says then: an older state never follows a newer one. */
  #next(id: JobId): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#writing.get(id) ?? Promise.resolve()
    this.#waiting.set(id, promise)
    void before.then(async () => {
      this.#waiting.delete(id)
      this.#writing.set(id, promise)
      await this.#write(id).catch((error: unknown) => {
        this.#open.set(id, '')
        this.#parts.log.error({ err: error, job_id: id }, 'a run directory could not be written')
      })
      if (this.#writing.get(id) === promise) this.#writing.delete(id)
      resolve()
    })
    return promise
  }

  async #write(id: JobId): Promise<void> {
    const [job] = await this.#parts.engine.get([id], 'everyone')
    if (job?.kind !== 'callable') {
      this.#open.delete(id)
      return
    }
    if (this.#says(job)) return
    const folder = path.join(this.#folder, id)
    const status = systemDJob(job)
    const text = `${JSON.stringify(status, null, 2)}\n`
    const before = this.#open.has(id) ? undefined : await textOf(path.join(folder, 'status.json'))
    if (before !== text) {
      await mkdir(folder, { recursive: true })
      if (isTerminal(job.state)) await this.#writeEnd(folder, job, status.result)
      // An earlier run's, where the job was run again.
      else if (before !== undefined) await rm(path.join(folder, 'result.json'), { force: true })
      await writeWhole(folder, 'status.json', text)
    }
    this.#note(job)
  }

  async #writeEnd(folder: string, job: Job, result: unknown): Promise<void> {
    const logs = await runLogs(this.#parts, job)
    await Promise.all([
      writeWhole(folder, 'stdout.log', logs.stdout),
      writeWhole(folder, 'stderr.log', logs.stderr),
      result === null
        ? rm(path.join(folder, 'result.json'), { force: true })
        : writeWhole(folder, 'result.json', `${JSON.stringify(result, null, 2)}\n`),
    ])
  }

  #note(job: Job): void {
    const { id } = job
    this.#open.delete(id)
    this.#ended.delete(id)
    if (!isTerminal(job.state)) {
      this.#open.set(id, changeOf(job))
      return
    }
    this.#ended.set(id, changeOf(job))
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > rememberedEnds && oldest !== undefined) this.#ended.delete(oldest)
  }

  /** After a start: every file that says that its job goes on, and every one that is none. */
  async #mend(): Promise<void> {
    try {
      for await (const entry of await opendir(this.#folder)) {
        if (this.#stopping.signal.aborted) return
        const id = entry.name
        if (!entry.isDirectory() || !/^[A-Za-z0-9_-]{1,128}$/.test(id)) continue
        if (await saysEnd(path.join(this.#folder, id, 'status.json'))) continue
        await removeUnfinished(path.join(this.#folder, id))
        await this.reflect({ id })
      }
    } catch (error) {
      this.#parts.log.error({ err: error }, 'run directories could not be looked through')
    }
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        for await (const wakeup of this.#parts.engine.wakeups(signal)) {
          if (wakeup.kind !== 'changed') continue
          const { jobId } = wakeup
          const ours = this.#open.has(jobId) || existsSync(path.join(this.#folder, jobId))
          if (ours) this.reflectSoon(jobId)
        }
      } catch (error) {
        if (!signal.aborted) this.#parts.log.warn({ err: error }, 'wake-ups ended')
      }
      await sleep(1000, undefined, { signal }).catch(() => undefined)
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined)
      for (const id of [...this.#open.keys()].slice(0, longestPage)) this.reflectSoon(id)
    }
  }
}

/** Every change adds an event. */
const changeOf = ({ updatedAt, eventNo }: Job): string => `${updatedAt} ${eventNo}`

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')

/** By its first lines: a result may be long. What cannot be read says nothing. */
async function saysEnd(file: string): Promise<boolean> {
  try {
    const handle = await open(file)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
      return /"status": "(completed|failed)"/.test(buffer.toString('utf8', 0, bytesRead))
    } finally {
      await handle.close()
    }
  } catch {
    return false
  }
}
