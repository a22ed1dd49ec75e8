import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { compiledCodeFolder } from '../../support/compiled-code.ts'
import type { Excuse } from './judge-attempts.ts'
import { runFolder } from './run-folder.ts'
import { ledgerVariable, runVariable, type ServerPlan } from './server-plan.ts'

/** One server process of the run, which may die at any moment, by our hand or by its own. */
export class TortureServer {
  readonly plan: ServerPlan
  readonly pid: number
  readonly exited: Promise<void>
  readonly impairments: Excuse[] = []
  url: string | undefined
  alive = true
  frozen = false
  readonly #process: ChildProcess

  constructor(plan: ServerPlan, runId: string) {
    this.plan = plan
    const folder = runFolder(plan.folder)
    const extension = path.extname(import.meta.filename)
    const errors = openSync(folder.serverLog(plan.serial), 'a')
    this.#process = spawn(
      process.execPath,
      [
        ...(extension === '.ts' ? ['--conditions=longhaul-source'] : []),
        path.join(import.meta.dirname, `server${extension}`),
        JSON.stringify(plan),
      ],
      {
        // Its standard input ends when we do, and it with it.
        stdio: ['pipe', 'pipe', errors],
        env: {
          ...process.env,
          NODE_COMPILE_CACHE: compiledCodeFolder(), // most are killed, and none is to compile all of it again
          [runVariable]: runId,
          [ledgerVariable]: folder.ledger,
        },
      },
    )
    closeSync(errors)
    this.pid = this.#process.pid ?? 0
    this.exited = once(this.#process, 'exit').then(() => {
      this.alive = false
      const now = Date.now()
      this.impairments.push({ pid: this.pid, from: now, to: now })
    })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.url = (JSON.parse(line) as { url: string }).url
    })
  }

  /** Can be spoken to. */
  get ready(): boolean {
    return this.alive && !this.frozen && this.url !== undefined
  }

  async kill(): Promise<void> {
    if (this.alive) this.#process.kill('SIGKILL')
    await this.exited
  }

  /** Stands still for `ms`, as in a long pause of a virtual machine, then goes on as if nothing had happened. */
  async freeze(ms: number): Promise<void> {
    if (!this.alive || this.frozen) return
    const impairment = { pid: this.pid, from: Date.now(), to: Infinity }
    this.frozen = true
    this.impairments.push(impairment)
    this.#process.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.#process.kill('SIGCONT')
    this.frozen = false
    impairment.to = Date.now()
  }

  /** Goes on, if it stands still by itself. */
  wake(): void {
    if (this.alive && !this.frozen) this.#process.kill('SIGCONT')
  }

  /** Asks it to stop; false when it had to be killed, or ended with an error. */
  async stop(withinMs: number): Promise<boolean> {
    this.#process.kill('SIGTERM')
    const late = setTimeout(() => this.#process.kill('SIGKILL'), withinMs)
    await this.exited
    clearTimeout(late)
    return this.#process.exitCode === 0
  }
}
