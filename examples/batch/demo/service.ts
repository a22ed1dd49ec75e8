import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment, Program } from '../../demo-kit/commands.ts'
import { longhaul, startProgram } from '../../demo-kit/commands.ts'

/** A batch as `GET /batches/{id}` tells it; what the demo reads of it. */
export interface BatchFacts {
  readonly batch_id: string
  readonly status: string
  readonly counts: Readonly<Record<string, number>>
  readonly failures: Readonly<Record<string, number>>
}

/** One API and some workers on one data directory, and a key for each owner. */
export class Lab {
  readonly #folder: string
  readonly #env: Environment
  readonly #programs: Program[] = []
  #url = ''

  constructor(folder: string, images: string) {
    this.#folder = folder
    this.#env = {
      LONGHAUL_DATA: `${folder}/data`,
      LONGHAUL_LEASE_SECONDS: '3',
      LONGHAUL_INPUT_ROOTS: images,
      MAX_CONCURRENT_JOBS: '1',
    }
  }

  async start(workers: number): Promise<readonly Program[]> {
    const api = await startProgram(
      ['serve', 'cells.ts', '--no-worker', '--port', '0'],
      'served',
      this.#folder,
      this.#env,
    )
    this.#programs.push(api)
    this.#url = String(api.ready['url'])
    const started: Program[] = []
    for (let n = 0; n < workers; n++)
      started.push(await startProgram(['worker', 'cells.ts'], 'working', this.#folder, this.#env))
    this.#programs.push(...started)
    return started
  }

  async keyOf(owner: string, scope: 'submit' | 'admin' = 'submit'): Promise<string> {
    const args = ['keys', 'create', '--owner', owner, '--scope', scope]
    const { stdout } = await longhaul(args, this.#folder, this.#env)
    return stdout.trim()
  }

  /** Types a command as the holder of a key. */
  type(token: string, ...args: string[]) {
    const env = { ...this.#env, LONGHAUL_URL: this.#url, LONGHAUL_TOKEN: token }
    return longhaul(args, this.#folder, env)
  }

  async text(token: string, path: string, method = 'GET', json?: object): Promise<string> {
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(json && { 'content-type': 'application/json' }),
      },
      ...(json && { body: JSON.stringify(json) }),
    })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer.text()
  }

  async submit(token: string, body: object): Promise<string> {
    const text = await this.text(token, '/processors/cells/batches', 'POST', body)
    return (JSON.parse(text) as BatchFacts).batch_id
  }

  async batch(token: string, id: string): Promise<BatchFacts> {
    return JSON.parse(await this.text(token, `/batches/${id}`)) as BatchFacts
  }

  /** Looks again and again until it is as wanted. */
  async batchWhen(
    token: string,
    id: string,
    wanted: (batch: BatchFacts) => boolean | Promise<boolean>,
  ): Promise<BatchFacts> {
    for (;;) {
      const batch = await this.batch(token, id)
      if (await wanted(batch)) return batch
      await sleep(500)
    }
  }

  /** Freezes a worker until it is seen to hold a job, then kills it: between two jobs it would take nothing along. */
  async killAtWork(worker: Program, admin: string): Promise<void> {
    for (;;) {
      process.kill(worker.pid, 'SIGSTOP')
      await sleep(200) // what it had begun to say has been said
      const { workers } = JSON.parse(await this.text(admin, '/workers')) as {
        workers: readonly { readonly pid: number; readonly jobs: readonly unknown[] }[]
      }
      const found = workers.find(({ pid }) => pid === worker.pid)
      if (found !== undefined && found.jobs.length > 0) return worker.kill()
      process.kill(worker.pid, 'SIGCONT')
      await sleep(100)
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()))
  }
}
