import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { commandOf, descendantsOf, isAlive, type ProcessId } from '../../demo-kit/processes.ts'
import type { Part } from './service.ts'

interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<unknown>
}

/** A server and a worker, each a process of its own on one data directory, started anew whenever it dies. */
export class Fleet {
  readonly #dataDir: string
  readonly #orders: string
  readonly #parts = new Map<Part['role'], Running>()
  #stopping = false

  constructor(dataDir: string) {
    this.#dataDir = dataDir
    this.#orders = `${dataDir}.die-at`
    mkdirSync(this.#orders, { recursive: true })
    process.once('exit', () => this.#killAll())
  }

  get url(): string {
    return this.#parts.get('server')?.url ?? ''
  }

  async start(): Promise<void> {
    await Promise.all([this.#startPart('server'), this.#startPart('worker')])
  }

  /** `kill -9`; resolves when another is in its place. */
  async kill(role: Part['role']): Promise<void> {
    const before = this.#parts.get(role)
    before?.child.kill('SIGKILL')
    while (this.#parts.get(role) === before && !this.#stopping) await after(20)
  }

  /** The process in which the plate is computed; the worker starts another by itself. False: there is none just now. */
  async killProcessor(): Promise<boolean> {
    const family = await descendantsOf(this.#parts.get('worker')?.child.pid ?? 0)
    const processor = family.find((one) => commandOf(one).includes('heat.ts'))
    if (processor === undefined) return false
    process.kill(processor.pid, 'SIGKILL')
    return true
  }

  /** The worker dies when it comes to that instruction; resolves when it has. */
  async killWorkerAt(point: string): Promise<void> {
    const order = path.join(this.#orders, point)
    writeFileSync(order, '')
    while (existsSync(order) && !this.#stopping) await after(20)
  }

  /** Answers the processes that should be gone and are not. */
  async stop(): Promise<readonly ProcessId[]> {
    this.#stopping = true
    const all = [...this.#parts.values()]
    const family: ProcessId[] = []
    for (const { child } of all) family.push(...(await descendantsOf(child.pid ?? 0)))
    for (const { child } of all) child.kill('SIGTERM')
    await Promise.race([Promise.all(all.map(({ ended }) => ended)), after(15_000)])
    this.#killAll()
    for (let waited = 0; waited < 2000 && family.some(isAlive); waited += 50) await after(50)
    return family.filter(isAlive)
  }

  async #startPart(role: Part['role']): Promise<void> {
    const part: Part = { role, dataDir: this.#dataDir, leaseMs: 2000 }
    const child = spawn(
      process.execPath,
      [
        '--conditions=longhaul-source',
        path.join(import.meta.dirname, 'service.ts'),
        JSON.stringify(part),
      ],
      {
        // Settings of whoever runs the demo must not decide how it ends.
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          HEAT_DEMO_DIE_AT: this.#orders,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const ended = once(child, 'exit')
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
      ended.then(() => undefined),
    ])
    if (line === undefined) throw new Error(`the ${role} ended before it was ready`)
    child.stdout.resume()
    if (this.#stopping) child.kill('SIGKILL')
    this.#parts.set(role, { child, ended, url: (JSON.parse(line) as { url: string }).url })
    void ended.then(() => (this.#stopping ? undefined : this.#startPart(role)))
  }

  #killAll(): void {
    for (const { child } of this.#parts.values()) child.kill('SIGKILL')
    rmSync(this.#orders, { recursive: true, force: true })
  }
}
