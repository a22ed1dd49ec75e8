import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError, toProblem } from '../../../errors/index.ts'
import type { Json } from '../../../support/json.ts'
import { failureOfExit, tooMuchMemory } from '../../attempt-failure.ts'
import { AttemptSession } from '../../attempt-session.ts'
import type {
  AttemptRequest,
  AttemptSink,
  RunnerOptions,
  RunningAttempt,
  RunOutcome,
  RunUsage,
} from '../../runner.ts'
import { AttemptStop, type StopReason } from '../attempt-stop.ts'
import { childEnvironment } from '../child-environment.ts'
import { SupervisedProcess } from '../supervised-process.ts'
import { watchUsage } from '../watch-usage.ts'
import type { ProgramTemplate } from './program-template.ts'
import { argumentsFor, outputNameOf } from './program-values.ts'

export type ProgramOptions = RunnerOptions & { readonly memoryBytes?: number | undefined }
type Ended = Omit<Extract<RunOutcome, { kind: 'completed' }>, 'usage'>
type Failed = Omit<Extract<RunOutcome, { kind: 'failed' }>, 'usage'>
/** Of what a program without output files printed, this much is its result. */
const longestStdout = 64 * 1024

/** One run of a program: a new process each time, its workspace as the current directory. */
export class ProgramAttempt implements RunningAttempt {
  readonly outcome: Promise<RunOutcome>
  readonly #template: ProgramTemplate
  readonly #options: ProgramOptions
  readonly #memoryBytes: number | undefined
  readonly #request: AttemptRequest
  readonly #session: AttemptSession
  readonly #sink: AttemptSink
  readonly #stop: AttemptStop
  #process: SupervisedProcess | undefined
  #stdout = Buffer.alloc(0)
  #excessBytes: number | undefined

  constructor(
    template: ProgramTemplate,
    options: ProgramOptions,
    slot: (signal: AbortSignal) => Promise<(() => void) | undefined>,
    request: AttemptRequest,
    sink: AttemptSink,
  ) {
    this.#template = template
    this.#options = options
    this.#memoryBytes = request.memoryBytes ?? options.memoryBytes
    this.#request = request
    this.#sink = sink
    this.#session = new AttemptSession(request, sink)
    // No message reaches a program: the signal that asks it to end takes the message's place.
    this.#stop = new AttemptStop(() => this.#process?.signal('SIGTERM'), {
      killMs: options.cancelGraceMs?.kill ?? 6000,
    })
    this.outcome = this.#run(slot)
  }

  cancel(reason: StopReason): void {
    this.#stop.cancel(reason)
  }

  kill(): void {
    this.#stop.kill()
  }

  /** A program keeps no checkpoints: it may finish. */
  drain(): void {
    if (!this.#process) this.#stop.cancel('drain')
  }

  async #run(
    slot: (signal: AbortSignal) => Promise<(() => void) | undefined>,
  ): Promise<RunOutcome> {
    const release = await slot(this.#stop.waiting)
    try {
      if (!release || this.#stop.reason) return await this.#stoppedEarly()
      const folder = path.join(this.#request.workspace, 'outputs')
      await mkdir(folder, { recursive: true })
      const args = argumentsFor(this.#template, this.#request.input, folder)
      return await this.#execute(args, folder)
    } catch (error) {
      await this.#session.close()
      return { kind: 'failed', problem: toProblem(error), retry: 'never', usage: {} }
    } finally {
      release?.()
    }
  }

  async #execute(args: readonly string[], folder: string): Promise<RunOutcome> {
    const { attemptId, workspace } = this.#request
    const program = new SupervisedProcess({
      command: this.#template.command,
      args,
      cwd: workspace,
      env: childEnvironment({ ...this.#options, attemptId }),
      protocol: false,
    })
    this.#process = program
    this.#stop.attach(program)
    this.#sink.started?.()
    this.#readText(program, 'stdout')
    this.#readText(program, 'stderr')
    const watch = watchUsage(program.pid, {
      memoryBytes: this.#memoryBytes,
      onAlive: () => this.#sink.alive(),
      onTooMuchMemory: (bytes) => {
        this.#excessBytes = bytes
        program.signal('SIGKILL')
      },
    })
    const exit = await program.exit
    this.#stop.detach()
    const usage: RunUsage = watch.stop()
    await program.killAll(attemptId)
    await this.#session.drain()
    await program.destroy()
    const outcome = this.#stop.reason === undefined ? this.#judge(exit, folder) : undefined
    const outputError = await this.#session.close()
    if (outputError)
      return { kind: 'failed', problem: toProblem(outputError.error), retry: 'lost', usage }
    if (!outcome) return { kind: 'stopped', reason: this.#stop.reason ?? 'lost', usage }
    return { ...outcome, usage }
  }

  /** Gives the outputs away when the program ended well. */
  #judge(exit: Awaited<SupervisedProcess['exit']>, folder: string): Ended | Failed {
    const tail = this.#session.stderr.tail
    const name = path.basename(this.#template.command)
    if (exit.error)
      throw new LonghaulError('permanent', `${name} could not be started: ${exit.error.message}`)
    if (this.#excessBytes !== undefined) return tooMuchMemory(this.#excessBytes, this.#memoryBytes)
    if (exit.signal !== null) return failureOfExit(exit, tail)
    if (exit.code !== 0) {
      const last = tail.split('\n').at(-1)?.trim()
      const detail = `${name} ended with exit code ${exit.code}${last ? `: ${last}` : '.'}`
      const facts = { exit_code: exit.code, stderr_tail: tail }
      const problem = toProblem(new LonghaulError('transient', detail, { facts }))
      return { kind: 'failed', problem, retry: 'policy' }
    }
    const outputs = this.#template.fields.filter(({ kind }) => kind === 'output')
    if (outputs.length === 0)
      return { kind: 'completed', value: { stdout: this.#stdout.toString('utf8') } }
    const value: Record<string, Json> = {}
    for (const field of outputs) {
      const output = outputNameOf(field)
      const file = path.join(folder, output)
      if (!existsSync(file)) {
        const detail = `${name} ended well but wrote no ${output}.`
        const problem = toProblem(
          new LonghaulError('permanent', detail, { facts: { stderr_tail: tail } }),
        )
        return { kind: 'failed', problem, retry: 'never' }
      }
      this.#session.output({ type: 'output', name: output, path: file })
      value[field.name] = { $output: output }
    }
    return { kind: 'completed', value }
  }

  #readText(program: SupervisedProcess, from: 'stdout' | 'stderr'): void {
    const stream = program[from]
    stream.on('data', (chunk: Buffer) => {
      if (from === 'stdout') this.#keepStdout(chunk)
      const pressure = this.#session.text(from, chunk)
      if (!pressure) return
      stream.pause()
      pressure.finally(() => stream.resume()).catch(() => undefined) // the log says that it failed
    })
  }

  #keepStdout(chunk: Buffer): void {
    const room = longestStdout - this.#stdout.length
    if (room > 0) this.#stdout = Buffer.concat([this.#stdout, chunk.subarray(0, room)])
  }

  async #stoppedEarly(): Promise<RunOutcome> {
    await this.#session.close()
    return { kind: 'stopped', reason: this.#stop.reason ?? 'lost', usage: {} }
  }
}
