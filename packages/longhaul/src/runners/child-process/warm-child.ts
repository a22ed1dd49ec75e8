import { setTimeout as sleep } from 'node:timers/promises'
import { LonghaulError } from '../../errors/index.ts'
import { LineSplitter } from '../line-splitter.ts'
import { fromProcessor, type FromProcessor, type ToProcessor } from '../messages.ts'
import { nextPoll } from '../next-poll.ts'
import type { WarmMember } from '../warm-pool.ts'
import { SupervisedProcess, type ProcessExit, type SpawnRequest } from './supervised-process.ts'

/** Longest line a processor may say: a result, or an output's name, not its bytes. */
const longestMessage = 16 * 1024 * 1024
const tailLength = 8192
const stopWithinMs = 1000

export type BrokenMessage = Extract<FromProcessor, { type: 'broken' }>
export type DescribeMessage = Extract<FromProcessor, { type: 'describe' }>

/** What an attempt hears of the child that runs it. */
export interface ChildListener {
  message(message: FromProcessor): void
  /** The line is no message of the protocol; nothing more is read from this child. */
  nonsense(detail: string): void
  text(from: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined
  exit(exit: ProcessExit): void
}

/** A process that speaks the processor protocol; it serves one attempt after the other. */
export class WarmChild implements WarmMember {
  readonly process: SupervisedProcess
  /** The first line; undefined when the child broke or ended before. */
  readonly described: Promise<DescribeMessage | undefined>
  /** 'ready' after setup; else what it said, or that it ended. */
  readonly started: Promise<'ready' | LonghaulError>
  readonly startedAt = performance.now()
  #listener: ChildListener | undefined
  #bootText = ''
  #deaf = false

  constructor(request: Omit<SpawnRequest, 'protocol'>, what: string) {
    this.process = new SupervisedProcess({ ...request, protocol: true })
    const described = Promise.withResolvers<DescribeMessage | undefined>()
    const started = Promise.withResolvers<'ready' | LonghaulError>()
    this.described = described.promise
    this.started = started.promise
    this.#readMessages((message) => {
      if (message.type === 'describe') described.resolve(message)
      else if (message.type === 'ready') started.resolve('ready')
      else if (message.type === 'broken') {
        started.resolve(this.#brokenError(what, message))
        described.resolve(undefined)
      } else this.#listener?.message(message)
    })
    this.#readText('stdout')
    this.#readText('stderr')
    void this.process.exit.then(async (exit) => {
      await nextPoll() // what it said last may still be in the pipe
      started.resolve(this.#endedError(what, exit))
      described.resolve(undefined)
      this.#listener?.exit(exit)
    })
  }

  get ended(): Promise<unknown> {
    return this.process.exit
  }

  get alive(): boolean {
    return this.process.exited === undefined
  }

  send(message: ToProcessor): void {
    this.process.control?.write(`${JSON.stringify(message)}\n`)
  }

  /** One listener at a time: the attempt that runs. */
  listen(listener: ChildListener | undefined): void {
    this.#listener = listener
  }

  /** Lets an idle child end by itself, then makes sure. */
  async stop(): Promise<void> {
    if (this.alive && !this.#listener) {
      this.send({ type: 'stop' })
      await Promise.race([this.process.exit, sleep(stopWithinMs, undefined, { ref: false })])
    }
    await this.process.destroy()
  }

  destroy(): Promise<void> {
    return this.process.destroy()
  }

  #readMessages(heed: (message: FromProcessor) => void): void {
    const lines = new LineSplitter(longestMessage)
    const refuse = (detail: string): void => {
      this.#deaf = true
      if (this.#listener) return this.#listener.nonsense(detail)
      // While it starts, or between attempts: nobody could hear a word of it any more.
      this.#bootText += `\nIt wrote a line on fd 4 that is not of the protocol: ${detail}\n`
      this.process.signal('SIGKILL')
    }
    this.process.messages?.on('data', (chunk: Buffer) => {
      if (this.#deaf) return
      try {
        for (const line of lines.feed(chunk)) {
          const message = parseMessage(line)
          if (message === 'unknown') continue
          if (typeof message === 'string') return refuse(message)
          heed(message)
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        refuse(error.message)
      }
    })
  }

  #readText(from: 'stdout' | 'stderr'): void {
    const stream = this.process[from]
    stream.on('data', (chunk: Buffer) => {
      if (!this.#listener) {
        this.#bootText = (this.#bootText + chunk.toString('utf8')).slice(-tailLength)
        return
      }
      const pressure = this.#listener.text(from, chunk)
      if (!pressure) return
      stream.pause()
      pressure.finally(() => stream.resume()).catch(() => undefined) // the log says that it failed
    })
  }

  #brokenError(what: string, { stage, message, detail }: BrokenMessage): LonghaulError {
    const place = stage === 'import' ? 'could not be loaded' : 'failed in setup()'
    const printed = [detail, this.#bootText.trim()].filter(Boolean).join('\n')
    return new LonghaulError('processor-broken', `${what} ${place}: ${message}`, {
      facts: { stage, printed },
    })
  }

  #endedError(what: string, { code, signal, error }: ProcessExit): LonghaulError {
    const how = error
      ? `could not be started: ${error.message}`
      : `ended (${signal ?? `exit code ${code}`}) before it was ready`
    const printed = this.#bootText.trim()
    const last = printed === '' ? '' : `: ${printed.split('\n').at(-1)}`
    return new LonghaulError('processor-broken', `${what} ${how}${last}`, {
      facts: { stage: 'start', printed },
    })
  }
}

/** The message; 'unknown' for a type of a later version, which is ignored; any other string says what is wrong. */
function parseMessage(line: string): FromProcessor | string {
  if (line.trim() === '') return 'unknown'
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return `no JSON: ${line.slice(0, 200)}`
  }
  const { type } = (value ?? {}) as { type?: unknown }
  if (typeof type !== 'string') return `no "type": ${line.slice(0, 200)}`
  if (!knownTypes.has(type)) return 'unknown'
  const parsed = fromProcessor.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  return `a bad "${type}" message: ${faults.join('; ')}`
}

const knownTypes = new Set(fromProcessor.options.map((option) => option.shape.type.value as string))
