import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../support/json.ts'

/** A command that speaks the processor protocol, to be checked. */
export interface ProcessorCommand {
  readonly command: string
  readonly args?: readonly string[]
  /** The folder of the served file. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export type Message = JsonObject & { readonly type: string }
const answerWithinMs = 30_000

/** The supervisor's side of the protocol, as plain as can be: it shares no code with the runner that it stands in for. */
export class ProtocolDriver {
  readonly child: ChildProcess
  readonly messages: Message[] = []
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>
  stdout = ''
  stderr = ''
  exited = false
  readonly #folders: string[] = []
  #rest = ''
  #runs = 0

  constructor(command: ProcessorCommand, processor = '') {
    this.child = spawn(command.command, command.args ?? [], {
      cwd: command.cwd,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...command.env,
        LONGHAUL_PROTOCOL: '1',
        LONGHAUL_PROCESSOR: processor,
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    this.exit = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.exited = true
        resolve({ code, signal })
      })
      this.child.once('error', (error) => {
        this.exited = true
        this.stderr += error.message
        resolve({ code: null, signal: null })
      })
    })
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()))
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    const [, , , control, said] = this.child.stdio as unknown as Duplex[]
    control?.on('error', () => undefined)
    said?.on('data', (chunk: Buffer) => this.#read(chunk.toString()))
    said?.on('error', () => undefined)
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      try {
        this.messages.push(JSON.parse(line) as Message)
      } catch {
        this.messages.push({ type: 'not-json', line: line.slice(0, 200) })
      }
    }
  }

  send(message: JsonObject): void {
    ;(this.child.stdio[3] as Duplex).write(`${JSON.stringify(message)}\n`)
  }

  endOfInput(): void {
    ;(this.child.stdio[3] as Duplex).end()
  }

  /** The first message after `from` that fits. Throws when the process ends, says something else unreadable, or time runs out. */
  async next(fits: (message: Message) => boolean, from = 0): Promise<Message> {
    const found = await this.wait(() => this.messages.slice(from).find(fits))
    if (found) return found
    const said = JSON.stringify(this.messages.slice(from)).slice(0, 500)
    throw new Error(
      `${this.exited ? 'the process ended' : 'nothing came'}; said since: ${said}; stderr: ${this.stderr.slice(-500)}`,
    )
  }

  /** Asks until there is an answer, the process has ended, or time runs out. */
  async wait<T>(ask: () => T | undefined, limitMs = answerWithinMs): Promise<T | undefined> {
    const end = performance.now() + limitMs
    for (;;) {
      const answer = ask()
      if (answer !== undefined) return answer
      if (this.exited || performance.now() > end) {
        await sleep(50) // what it said last may still be on its way
        return ask()
      }
      await sleep(5)
    }
  }

  ready(): Promise<Message> {
    return this.next(({ type }) => type === 'ready' || type === 'broken')
  }

  /** Starts an attempt in a workspace of its own. */
  async start(input: JsonObject, more: JsonObject = {}) {
    const workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-conformance-'))
    this.#folders.push(workspace)
    const from = this.messages.length
    const attemptId = `j_conformance.${++this.#runs}.nonce`
    this.send({
      type: 'run',
      job_id: 'j_conformance',
      attempt: this.#runs,
      attempt_id: attemptId,
      processor: 'conformance',
      workspace,
      input,
      inputs: [],
      limits: { records_file_bytes: 1 << 20, shard_bytes: 1 << 20 },
      ...more,
    })
    return { workspace, attemptId, from }
  }

  /** One whole attempt: everything it said, and its last word. */
  async run(input: JsonObject, more?: JsonObject) {
    const started = await this.start(input, more)
    const end = await this.next(({ type }) => type === 'result' || type === 'error', started.from)
    const said = this.messages.slice(started.from, this.messages.indexOf(end))
    return { ...started, said, end }
  }

  async close(): Promise<void> {
    if (this.child.pid !== undefined && !this.exited) {
      try {
        process.kill(-this.child.pid, 'SIGKILL')
      } catch {
        // it ended meanwhile
      }
    }
    await this.exit
    for (const stream of this.child.stdio) stream?.destroy()
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }
}
