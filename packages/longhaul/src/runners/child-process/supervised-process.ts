import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants, setPriority } from 'node:os'
import { Readable, type Duplex } from 'node:stream'
import { processVariable } from './attempt-marks.ts'
import { startGuard } from './guard.ts'
import { killTree, signalGroup } from './kill-tree.ts'

export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It never started. */
  readonly error?: Error
}

export interface SpawnRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Opens fd 3 and 4 for the processor protocol. */
  readonly protocol: boolean
  /** Also opens fd 5, for the bytes of answers. */
  readonly answers?: boolean
}

/** A process of an author: alone in its group, niced, and never outliving us. */
export class SupervisedProcess {
  /** 0 when it could not be started; then `exit` says why. */
  readonly pid: number
  /** In its environment, and in that of all that comes from it. */
  readonly mark = randomUUID()
  readonly stdout: Readable
  readonly stderr: Readable
  /** fd 3, we write. */
  readonly control: Duplex | undefined
  /** fd 4, we read. */
  readonly messages: Duplex | undefined
  /** fd 5, we read. */
  readonly bytes: Duplex | undefined
  /** On `exit`, not `close`: a background grandchild may hold stdout open for hours. */
  readonly exit: Promise<ProcessExit>
  exited: ProcessExit | undefined
  #killing: Promise<void> | undefined
  readonly #dismissGuard: () => void

  constructor(request: SpawnRequest) {
    const child = spawn(request.command, request.args, {
      cwd: request.cwd,
      env: { ...request.env, [processVariable]: this.mark },
      detached: true, // a group of its own
      stdio: ['ignore', 'pipe', 'pipe', ...pipesOf(request)],
    })
    this.pid = child.pid ?? 0
    // Without file descriptors left, Node makes no pipes at all; the exit says why.
    this.stdout = child.stdout ?? Readable.from([])
    this.stderr = child.stderr ?? Readable.from([])
    this.control = request.protocol ? (child.stdio[3] as Duplex) : undefined
    this.messages = request.protocol ? (child.stdio[4] as Duplex) : undefined
    const [, , , , , bytes] = child.stdio as readonly unknown[]
    this.bytes = request.answers ? (bytes as Duplex) : undefined
    for (const stream of [this.stdout, this.stderr, this.control, this.messages, this.bytes])
      stream?.on('error', () => undefined) // a pipe whose other end died; `exit` tells
    this.exit = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve((this.exited = { code, signal })))
      child.once('error', (error) => {
        if (child.pid === undefined) resolve((this.exited = { code: null, signal: null, error }))
      })
    })
    if (this.pid === 0) {
      this.#dismissGuard = () => undefined
      return
    }
    try {
      // nice 10: the API goes first, and before jobs what somebody waits for. At once, because what it starts inherits it.
      setPriority(this.pid, request.answers ? 5 : constants.priority.PRIORITY_BELOW_NORMAL)
    } catch {
      // it has ended already
    }
    const guard = startGuard(this.pid)
    this.#dismissGuard = () => guard.dismiss()
  }

  /** To the whole group. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid !== 0 && !this.#killing) signalGroup(this.pid, signal)
  }

  /** Ends the process and all that belongs to it or to the attempt; nothing of them is left when it resolves. Once. */
  killAll(attemptId = ''): Promise<void> {
    return (this.#killing ??= (async () => {
      if (this.pid !== 0) await killTree({ group: this.pid, attemptId, processMark: this.mark })
      await this.exit
      this.#dismissGuard()
    })())
  }

  /** As killAll; what it printed and nobody read is dropped. */
  async destroy(attemptId = ''): Promise<void> {
    await this.killAll(attemptId)
    for (const stream of [this.stdout, this.stderr, this.control, this.messages, this.bytes])
      stream?.destroy()
  }
}

function pipesOf({ protocol, answers }: SpawnRequest): readonly 'pipe'[] {
  if (!protocol) return []
  return answers ? ['pipe', 'pipe', 'pipe'] : ['pipe', 'pipe']
}
