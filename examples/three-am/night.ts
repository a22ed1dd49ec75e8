import { setTimeout as sleep } from 'node:timers/promises'
import {
  longhaul,
  startProgram,
  type Ended,
  type Environment,
  type Program,
} from '../demo-kit/commands.ts'

/** A job as `GET /jobs/{id}?view=native` tells it; what the demo reads of it. */
export interface JobFacts {
  readonly job_id: string
  readonly status: string
  readonly attempt: number
  readonly lost: number
  readonly version: string
}

/** The service under test, with its workers, and a terminal to ask it from. */
export class Night {
  readonly folder: string
  readonly dataDir: string
  readonly env: Environment
  /** False: nobody helps. */
  readonly cures: boolean
  readonly #programs = new Map<string, Program>()
  #url = ''

  constructor(folder: string, dataDir: string, env: Environment, cures = true) {
    this.folder = folder
    this.cures = cures
    this.dataDir = dataDir
    this.env = { ...env, LONGHAUL_DATA: dataDir, LONGHAUL_LEASE_SECONDS: '2' }
  }

  async startApi(): Promise<void> {
    const files = ['segment.ts', 'decode.ts', 'thumbs.ts', 'stitch.ts']
    const args = ['serve', '--no-worker', '--port', '0', ...files]
    const api = await startProgram(args, 'served', this.folder, this.env)
    this.#programs.set('api', api)
    this.#url = String(api.ready['url'])
  }

  async startWorker(name: string, ...files: string[]): Promise<void> {
    this.#programs.set(
      name,
      await startProgram(['worker', ...files], 'working', this.folder, this.env),
    )
  }

  program(name: string): Program {
    const found = this.#programs.get(name)
    if (found === undefined) throw new Error(`nothing called ${name} was started`)
    return found
  }

  /** Types a command. */
  type(...args: string[]): Promise<Ended> {
    return longhaul(args, this.folder, { ...this.env, LONGHAUL_URL: this.#url })
  }

  /** Types the line that helps. */
  async cure(...args: string[]): Promise<Ended> {
    return this.cures ? this.type(...args) : { code: null, text: '', stdout: '' }
  }

  /** Asks the same question until the answer is there: troubles take a moment to show. */
  async typeUntil(what: RegExp, limitMs: number, ...args: string[]): Promise<Ended> {
    for (const end = Date.now() + limitMs; ; await sleep(300)) {
      const answer = await this.type(...args)
      if (what.test(answer.text) || Date.now() > end) return answer
    }
  }

  async submit(processor: string, input: object): Promise<string> {
    const { job_id } = (await this.#ask(`/processors/${processor}/jobs`, { input })) as JobFacts
    return job_id
  }

  async job(id: string): Promise<JobFacts> {
    return (await this.#ask(`/jobs/${id}?view=native`)) as JobFacts
  }

  /** Waits until a job is as wanted; answers it as it is then, wanted or not. */
  async jobWhen(
    id: string,
    wanted: (job: JobFacts) => boolean,
    limitMs = 30_000,
  ): Promise<JobFacts> {
    for (const end = Date.now() + limitMs; ; await sleep(100)) {
      const job = await this.job(id)
      if (wanted(job) || Date.now() > end) return job
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.kill()))
  }

  async #ask(path: string, json?: object): Promise<unknown> {
    const answer = await fetch(this.#url + path, {
      ...(json === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(json),
          }),
    })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }
}

export const hasEnded = ({ status }: JobFacts): boolean =>
  ['completed', 'failed', 'cancelled'].includes(status)
