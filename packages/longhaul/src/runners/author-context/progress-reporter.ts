import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ProgressReport, ReportProgress, Track } from '../../processor/index.ts'
import type { JsonObject } from '../../support/json.ts'
import type { FromProcessor } from '../messages.ts'
import type { Channel } from './channel.ts'

type ProgressMessage = Extract<FromProcessor, { type: 'progress' }>

/** Newest wins: of many reports at most one each `everyMs` is sent, and always the last. */
export class ProgressReporter {
  readonly #channel: Channel
  readonly #everyMs: number
  #newest: ProgressMessage | undefined
  #timer: NodeJS.Timeout | undefined
  #sentAt = -Infinity

  constructor(channel: Channel, everyMs = 100) {
    this.#channel = channel
    this.#everyMs = everyMs
  }

  report(message: ProgressMessage): void {
    this.#newest = message
    const waitMs = this.#sentAt + this.#everyMs - performance.now()
    if (waitMs <= 0) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), waitMs).unref()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#newest) return
    this.#channel.send(this.#newest)
    this.#newest = undefined
    this.#sentAt = performance.now()
  }
}

export function progressFunction(reporter: ProgressReporter, signal: AbortSignal): ReportProgress {
  return (first: number | ProgressReport, total?: number, message?: string) => {
    signal.throwIfAborted()
    const report: ProgressReport =
      typeof first === 'number'
        ? {
            done: first,
            ...(total === undefined ? {} : { total }),
            ...(message === undefined ? {} : { message }),
          }
        : first
    reporter.report({ type: 'progress', ...report })
  }
}

/** Blocking loops must let a cancel message in now and then; this often costs nothing that can be measured. */
const turnEveryMs = 20

export function trackFunction(reporter: ProgressReporter, signal: AbortSignal): Track {
  return async function* track(items, what = 'items', options = {}) {
    const { start = 0, total = sizeOf(items), detail } = options
    const began = performance.now()
    let turned = began
    let done = start
    const report = (said?: JsonObject): void => {
      const seconds = (performance.now() - began) / 1000
      const rate = seconds > 0 ? (done - start) / seconds : 0
      reporter.report({
        type: 'progress',
        stage: what,
        done,
        ...(total === undefined ? {} : { total }),
        ...(rate > 0 ? { rate: round(rate) } : {}),
        ...(rate > 0 && total !== undefined
          ? { eta_seconds: round(Math.max(0, total - done) / rate) }
          : {}),
        ...(said === undefined ? {} : { detail: said }),
      })
    }
    signal.throwIfAborted()
    report()
    for await (const item of items) {
      signal.throwIfAborted()
      yield item
      done++
      report(detail?.(item))
      if (performance.now() - turned > turnEveryMs) {
        await nextTurn()
        turned = performance.now()
      }
      signal.throwIfAborted()
    }
  }
}

const round = (value: number): number => Number(value.toPrecision(4))

function sizeOf(items: object): number | undefined {
  if (Array.isArray(items) || ArrayBuffer.isView(items))
    return (items as { length?: number }).length
  if (items instanceof Set || items instanceof Map) return items.size
  return undefined
}
