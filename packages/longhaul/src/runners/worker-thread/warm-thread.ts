import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker } from 'node:worker_threads'
import { LonghaulError } from '../../errors/index.ts'
import type { ProcessorDescription } from '../../processor/description.ts'
import { childEnvironment } from '../child-process/child-environment.ts'
import type { ToProcessor } from '../messages.ts'
import type { RunnerOptions } from '../runner.ts'
import type { WarmMember } from '../warm-pool.ts'
import type { FromThread, ThreadStart } from './thread-start.ts'

const MiB = 1024 ** 2
const tailLength = 8192
const stopWithinMs = 1000
/** Running from the sources, or from the build? The thread is then of the same kind. */
const fromSource = import.meta.url.endsWith('.ts')
const entry = fileURLToPath(new URL(`./thread-main.${fromSource ? 'ts' : 'js'}`, import.meta.url))

/** How a thread ended: by itself, or of an error that it could not catch. */
export interface ThreadExit {
  readonly code: number
  readonly error?: NodeJS.ErrnoException
}
/** What an attempt hears of the thread that runs it. */
export interface ThreadListener {
  message(message: FromThread): void
  text(from: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined
  exit(exit: ThreadExit): void
}

/** A thread that has been set up, and serves one attempt after the other. */
export class WarmThread implements WarmMember {
  readonly started: Promise<'ready' | LonghaulError>
  readonly ended: Promise<ThreadExit>
  readonly startedAt = performance.now()
  readonly #worker: Worker
  readonly #channel = new MessageChannel()
  #listener: ThreadListener | undefined
  #bootText = ''
  #exit: ThreadExit | undefined

  constructor(file: string, description: ProcessorDescription, options: RunnerOptions) {
    const { name, memory_bytes: memoryBytes } = description
    const start: ThreadStart = { file, processor: name, port: this.#channel.port2 }
    this.#worker = new Worker(entry, {
      workerData: start,
      transferList: [start.port],
      env: childEnvironment(options),
      execArgv: [...(fromSource ? ['--conditions=longhaul-source'] : []), '--enable-source-maps'],
      stdout: true,
      stderr: true,
      name,
      ...(memoryBytes === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryBytes / MiB) } }),
    })
    const started = Promise.withResolvers<'ready' | LonghaulError>()
    this.started = started.promise
    this.#channel.port1.on('message', (message: FromThread) => {
      if (message.type === 'ready') started.resolve('ready')
      else if (message.type === 'broken') {
        const place = message.stage === 'import' ? 'could not be loaded' : 'failed in setup()'
        started.resolve(this.#brokenError(`${name} ${place}: ${message.message}`, message.detail))
      } else this.#listener?.message(message)
    })
    this.#readText('stdout')
    this.#readText('stderr')
    this.ended = this.#end((exit) =>
      started.resolve(
        this.#brokenError(
          `${name} ended ${exit.error ? `(${exit.error.message})` : `with code ${exit.code}`} before it was ready`,
        ),
      ),
    )
  }

  get alive(): boolean {
    return this.#exit === undefined
  }

  send(message: ToProcessor): void {
    this.#channel.port1.postMessage(message)
  }

  /** One listener at a time: the attempt that runs. */
  listen(listener: ThreadListener | undefined): void {
    this.#listener = listener
  }

  /** CPU time since the thread began; undefined once it has ended. */
  async cpuMs(): Promise<number | undefined> {
    if (!this.alive) return undefined
    try {
      const { user, system } = await this.#worker.cpuUsage()
      return (user + system) / 1000
    } catch {
      return undefined
    }
  }

  async stop(): Promise<void> {
    if (this.alive && !this.#listener) {
      this.send({ type: 'stop' })
      await Promise.race([this.ended, sleep(stopWithinMs, undefined, { ref: false })])
    }
    await this.destroy()
  }

  /** Resolves when it has ended: a thread inside a native call ends after it. */
  async destroy(): Promise<void> {
    await this.#worker.terminate()
    await this.ended
  }

  async #end(beforeReady: (exit: ThreadExit) => void): Promise<ThreadExit> {
    let error: NodeJS.ErrnoException | undefined
    this.#worker.on('error', (cause: NodeJS.ErrnoException) => (error = cause))
    const code = await new Promise<number>((resolve) => this.#worker.once('exit', resolve))
    // What it said last may still be on its way.
    await new Promise(setImmediate)
    this.#exit = { code, ...(error ? { error } : {}) }
    this.#channel.port1.close()
    beforeReady(this.#exit)
    this.#listener?.exit(this.#exit)
    return this.#exit
  }

  #readText(from: 'stdout' | 'stderr'): void {
    const stream = this.#worker[from]
    stream.on('data', (chunk: Buffer) => {
      if (!this.#listener) {
        this.#bootText = (this.#bootText + chunk.toString('utf8')).slice(-tailLength)
        return
      }
      const pressure = this.#listener.text(from, chunk)
      if (!pressure) return
      stream.pause()
      void pressure.then(() => stream.resume())
    })
  }

  #brokenError(text: string, detail?: string): LonghaulError {
    const printed = [detail, this.#bootText.trim()].filter(Boolean).join('\n')
    return new LonghaulError('processor-broken', text, { facts: { printed } })
  }
}
