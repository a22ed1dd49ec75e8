import path from 'node:path'
import type { Progress } from '../jobs/job.ts'
import { AttemptLog } from './attempt-log.ts'
import { nextPoll } from './next-poll.ts'
import type { CheckpointAnswer, CheckpointMessage, FromProcessor } from './messages.ts'
import type { AttemptRequest, AttemptSink } from './runner.ts'
import { TextCapture } from './text-capture.ts'

type Said<T extends FromProcessor['type']> = Extract<FromProcessor, { type: T }>

/** What every attempt has, however its code is run: a log, captured text, progress, and outputs on their way to the sink. */
export class AttemptSession {
  readonly stdout: TextCapture
  readonly stderr: TextCapture
  readonly #request: AttemptRequest
  readonly #sink: AttemptSink
  readonly #log: AttemptLog
  #ownProgress = false
  #outputs: Promise<void> = Promise.resolve()
  #outputError: { readonly error: unknown } | undefined
  #notices = new Set<string>()
  /** A checkpoint is wanted; who has saved one is told to stop. */
  draining = false
  #drained = false

  constructor(request: AttemptRequest, sink: AttemptSink) {
    this.#request = request
    this.#sink = sink
    this.#log = new AttemptLog(request.logFile, { onLine: sink.logged })
    for (const text of request.notices ?? []) this.notice(text)
    this.stdout = new TextCapture('stdout', this.#log)
    this.stderr = new TextCapture('stderr', this.#log, (progress) => {
      // A bar on stderr stands for progress until the processor reports its own.
      if (!this.#ownProgress) sink.progress(progress)
    })
  }

  /** Read no more until the promise resolves, if there is one. */
  text(from: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined {
    this.#sink.alive()
    this[from].feed(chunk)
    return this.#log.pressure
  }

  /** Whatever was printed before the call is read, also while the log file is slow. Ends although more is printed. */
  async drain(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      await nextPoll()
      if (!this.#log.pressure) return
      await this.#log.pressure
    }
  }

  progress(message: Said<'progress'>): void {
    this.#ownProgress = true
    this.#sink.alive()
    this.#sink.progress(toProgress(message))
  }

  log({ level, text, fields }: Said<'log'>): void {
    this.#sink.alive()
    this.#log.write({ from: 'log', level, text, ...(fields === undefined ? {} : { fields }) })
  }

  /** Where the author's code failed, for those who may read its log. */
  trace(text: string | undefined): void {
    if (text !== undefined && text !== '') this.#log.write({ from: 'log', level: 'error', text })
  }

  /** longhaul's own word in the attempt's log; the same word once. */
  notice(text: string): void {
    if (this.#notices.has(text)) return
    this.#notices.add(text)
    this.#log.write({ from: 'longhaul', text })
  }

  /** Given to the sink one after the other; after a failure nothing more is. */
  output({ name, path: file, media_type: mediaType, items }: Said<'output'>): void {
    this.#sink.alive()
    const output = {
      name,
      path: path.resolve(this.#request.workspace, file),
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(items === undefined ? {} : { items }),
    }
    this.#outputs = this.#outputs.then(async () => {
      if (this.#outputError) return
      try {
        await this.#sink.output(output)
      } catch (error) {
        this.#outputError = { error }
      }
    })
  }

  /** Kept by the sink after every output before it; then `answer` hears how that went. */
  checkpoint({ type: _, ...checkpoint }: CheckpointMessage, answer: (a: CheckpointAnswer) => void) {
    this.#sink.alive()
    this.#outputs = this.#outputs.then(async () => {
      const saved = await this.#save(checkpoint)
      this.#sink.alive()
      this.#drained = saved && this.draining
      answer({ type: 'checkpointed', saved, ...(this.#drained ? { stop: true } : {}) })
    })
  }

  /** It was told to stop, because its last checkpoint is saved. */
  get drained(): boolean {
    return this.#drained
  }

  async #save(checkpoint: Omit<CheckpointMessage, 'type'>): Promise<boolean> {
    if (this.#outputError) return false
    if (!this.#sink.checkpoint) {
      this.notice('Checkpoints are not kept here: another attempt starts clean.')
      return false
    }
    try {
      return await this.#sink.checkpoint(checkpoint)
    } catch (error) {
      this.#outputError = { error }
      return false
    }
  }

  /** Everything that was said is with the sink or in the log file. Answers what the sink threw, if it did. */
  async close(): Promise<{ readonly error: unknown } | undefined> {
    this.stdout.end()
    this.stderr.end()
    await this.#outputs
    await this.#log.close()
    return this.#outputError
  }
}

function toProgress(message: Said<'progress'>): Progress {
  const { stage, message: text, done, total, rate, eta_seconds: eta, detail } = message
  const share = done !== undefined && total ? (100 * done) / total : undefined
  const percent = message.percent ?? (share === undefined ? undefined : Math.round(share * 10) / 10)
  return {
    ...(stage === undefined ? {} : { stage }),
    ...(percent === undefined ? {} : { percent: Math.min(100, Math.max(0, percent)) }),
    ...(text === undefined ? {} : { message: text }),
    ...(done === undefined ? {} : { done }),
    ...(total === undefined ? {} : { total }),
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(eta === undefined ? {} : { etaSeconds: eta }),
    ...(detail === undefined ? {} : { detail }),
  }
}
