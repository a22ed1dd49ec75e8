import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { ConfigOptions } from '../../app/index.ts'
import type { UploadServerPlan } from './server.ts'

/** A service in a process of its own, always on the same port and the same data. */
export class UploadServer {
  readonly #plan: UploadServerPlan
  readonly url: string
  #child: ChildProcess | undefined
  #lines: Interface | undefined
  #starts = 0
  kills = 0

  constructor(plan: UploadServerPlan) {
    this.#plan = plan
    this.url = `http://127.0.0.1:${plan.config.port}`
  }

  async start(config: ConfigOptions = {}): Promise<void> {
    const extension = path.extname(import.meta.filename)
    const { seed, ...plan } = this.#plan
    const mine: UploadServerPlan = {
      ...plan,
      seed: seed + this.#starts++,
      config: { ...plan.config, ...config },
    }
    this.#child = spawn(
      process.execPath,
      [
        ...(extension === '.ts' ? ['--conditions=longhaul-source'] : []),
        path.join(import.meta.dirname, `server${extension}`),
        JSON.stringify(mine),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    this.#lines = createInterface({ input: this.#child.stdout! })
    await this.#nextLine()
  }

  async killAndStart(): Promise<void> {
    await this.kill()
    this.kills++
    await this.start()
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Has it take away what ended sessions left in the store. */
  async clearUp(): Promise<void> {
    const line = this.#nextLine()
    this.#child?.stdin?.write('expire\n')
    await line
  }

  async #nextLine(): Promise<string> {
    const ended = once(this.#child!, 'exit').then(() => {
      throw new Error(`the service ended; see ${this.#plan.log}`)
    })
    ended.catch(() => {})
    const [line] = (await Promise.race([once(this.#lines!, 'line'), ended])) as [string]
    return line
  }
}
