import { Readable } from 'node:stream'
import { LonghaulError } from '../../../errors/index.ts'
import type { ProcessorDescription } from '../../../processor/description.ts'
import type { ActionAnswer, ActionRequest } from '../../action-runner.ts'
import type { FromProcessor } from '../../messages.ts'
import { tooMuchMemory } from '../../attempt-failure.ts'
import type { ChildListener, WarmChild } from '../warm-child.ts'
import { watchUsage } from '../watch-usage.ts'
import { failureOfCall, stoppedCall, type CallStop } from './failure.ts'
import { takeBytes } from './take-bytes.ts'

type Said<Type extends FromProcessor['type']> = Extract<FromProcessor, { type: Type }>

/** A larger answer is handed on as it comes, and keeps its process until then. */
const wholeBytes = 8 * 1024 * 1024
/** How long code that does not heed its signal may go on. */
const graceMs = 2000

/**
 * One call on a warm child. The caller hears of the end at once; the child is given back when nothing of the call is left in
 * it or in its pipes, or ended after a grace.
 */
export class Call implements ChildListener {
  readonly answer: Promise<ActionAnswer>
  readonly #answer = Promise.withResolvers<ActionAnswer>()
  readonly #child: WarmChild
  readonly #request: ActionRequest
  readonly #give: (reusable: boolean) => void
  readonly #unwatch: () => void
  /** What is read of fd 5, in the order in which it was announced. */
  #reading = Promise.resolve()
  #body: Readable | undefined
  #wanted = Promise.withResolvers<void>()
  #stopped = false
  #over = false
  #killer: NodeJS.Timeout | undefined

  constructor(
    child: WarmChild,
    { name, memory_bytes: memoryBytes }: ProcessorDescription,
    request: ActionRequest,
    give: (reusable: boolean) => void,
  ) {
    this.#child = child
    this.#request = request
    this.#give = give
    this.answer = this.#answer.promise
    this.#unwatch = memoryBytes === undefined ? () => undefined : this.#watch(memoryBytes)
    child.listen(this)
    const { action, input, params } = request
    child.send({ type: 'call', processor: name, action, input, params })
  }

  /** The caller is told; the child gets a while to end by itself. */
  stop(reason: CallStop): void {
    if (this.#over || this.#stopped) return
    this.#stopped = true
    this.#fail(stoppedCall(reason, this.#request))
    this.#child.send({ type: 'cancel', reason: reason === 'timeout' ? 'deadline' : 'cancelled' })
    this.#killer = setTimeout(() => this.#finish(false), graceMs)
  }

  message(message: FromProcessor): void {
    switch (message.type) {
      case 'log': {
        const { level, text, fields } = message
        return this.#request.logged({ level, text, ...(fields === undefined ? {} : { fields }) })
      }
      case 'answer':
        return this.#begin(message)
      case 'chunk':
        return this.#then(() => this.#hand(message.length))
      case 'answered':
        return this.#then(async () => this.#end())
      case 'error':
        return this.#then(async () => this.#failed(message))
    }
  }

  nonsense(detail: string): void {
    this.#fail(new LonghaulError('action-failed', `The action spoke no protocol: ${detail}`))
    this.#finish(false)
  }

  text(from: 'stdout' | 'stderr', chunk: Buffer): undefined {
    const text = chunk
      .toString('utf8')
      .trimEnd()
      .slice(0, 16 * 1024)
    if (text !== '') this.#request.logged({ level: from === 'stdout' ? 'info' : 'warn', text })
  }

  exit({ code, signal }: { readonly code: number | null; readonly signal: string | null }): void {
    const how = signal ?? `exit code ${code}`
    this.#fail(new LonghaulError('action-failed', `The process of the action ended (${how}).`))
    this.#finish(false)
  }

  #begin({ status, headers, media_type: mediaType, length }: Said<'answer'>): void {
    const head = { status, headers, mediaType }
    if (length !== undefined && length <= wholeBytes) {
      this.#then(async () => {
        const parts: Buffer[] = []
        for await (const part of this.#take(length)) parts.push(part)
        this.#answer.resolve({ ...head, body: Buffer.concat(parts, length) })
        this.#end()
      })
      return
    }
    this.#body = new Readable({
      read: () => this.#wanted.resolve(),
      destroy: (error, done) => {
        this.#wanted.resolve()
        // Its reader left before the end.
        if (!this.#over) this.stop('gone')
        done(error)
      },
    })
    this.#answer.resolve({ ...head, body: this.#body })
    if (length === undefined) return
    this.#then(() => this.#hand(length))
    this.#then(async () => this.#end())
  }

  #then(next: () => Promise<void>): void {
    this.#reading = this.#reading.then(next).catch((error: unknown) => {
      this.#fail(error)
      this.#finish(false)
    })
  }

  /** What nobody wants any more is read all the same: the next call's bytes come after it. */
  async #hand(length: number): Promise<void> {
    for await (const part of this.#take(length)) {
      if (!this.#body || this.#body.destroyed || this.#stopped) continue
      this.#wanted = Promise.withResolvers<void>()
      if (!this.#body.push(part)) await this.#wanted.promise
    }
  }

  async *#take(length: number): AsyncGenerator<Buffer> {
    const { bytes } = this.#child.process
    let left = length
    if (bytes)
      for await (const part of takeBytes(bytes, length)) {
        left -= part.length
        yield part
      }
    if (left > 0) throw new LonghaulError('action-failed', 'The answer ended before its end.')
  }

  #failed(message: Said<'error'>): void {
    if (message.trace !== undefined && message.status === undefined && message.code === 'transient')
      this.#request.logged({ level: 'error', text: message.trace })
    this.#fail(failureOfCall(message))
    this.#finish(message.fatal !== true)
  }

  #end(): void {
    if (!this.#stopped) this.#body?.push(null)
    this.#finish(true)
  }

  /** Before the head: the error. After it: the answer breaks off, which its reader sees. */
  #fail(error: unknown): void {
    this.#answer.reject(error)
    if (this.#body && !this.#body.destroyed && !this.#body.readableEnded) {
      const { length } = this.#body.listeners('error')
      if (length === 0) this.#body.on('error', () => undefined)
      this.#body.destroy(error as Error)
    }
  }

  #finish(reusable: boolean): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#killer)
    this.#unwatch()
    this.#child.listen(undefined)
    this.#give(reusable)
  }

  #watch(memoryBytes: number): () => void {
    const watch = watchUsage(this.#child.process.pid, {
      memoryBytes,
      onAlive: () => undefined,
      onTooMuchMemory: (held) => {
        const { problem } = tooMuchMemory(held, memoryBytes)
        this.#fail(new LonghaulError('out-of-memory', problem.detail))
        this.#finish(false)
      },
    })
    return () => void watch.stop()
  }
}
