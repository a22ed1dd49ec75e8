import { StringDecoder } from 'node:string_decoder'
import type { Progress } from '../jobs/job.ts'
import type { AttemptLog } from './attempt-log.ts'
import { parseBar } from './tqdm-bar.ts'

const longestLine = 64 * 1024
const tailLength = 4096

/**
 * One stream of text that an author's program prints, as lines of the attempt's log. A line that is redrawn with `\r` is
 * logged in its last state only; progress bars on stderr become progress instead of lines.
 */
export class TextCapture {
  readonly #from: 'stdout' | 'stderr'
  readonly #log: AttemptLog
  readonly #onBar: ((progress: Progress) => void) | undefined
  readonly #decoder = new StringDecoder('utf8')
  /** What came after the last `\n` or `\r`. */
  #line = ''
  #afterReturn = false
  #overwritten = ''
  #barDrawn = false
  #barTimer: NodeJS.Timeout | undefined
  #tail = ''

  constructor(from: 'stdout' | 'stderr', log: AttemptLog, onBar?: (progress: Progress) => void) {
    this.#from = from
    this.#log = log
    this.#onBar = onBar
  }

  /** Its last few lines, for the sentence that says why the attempt failed. */
  get tail(): string {
    return `${this.#tail}${this.#line}`.slice(-tailLength).trim()
  }

  feed(chunk: Buffer): void {
    const text = this.#decoder.write(chunk)
    let start = 0
    for (const { index, 0: mark } of text.matchAll(/[\r\n]/g)) {
      this.#add(text.slice(start, index))
      start = index + 1
      if (mark === '\n') this.#newline()
      else this.#return()
    }
    this.#add(text.slice(start))
    // tqdm ends no state with a mark of its own: the newest stands there until the next one begins.
    if (this.#onBar && this.#line.includes('%|'))
      this.#barTimer ??= setTimeout(() => {
        this.#barTimer = undefined
        this.#drawBar(this.#line)
      }, 100).unref()
  }

  end(): void {
    clearTimeout(this.#barTimer)
    this.#add(this.#decoder.end())
    const last = this.#line || this.#overwritten
    if (last !== '') this.#log.write({ from: this.#from, text: last })
    this.#line = ''
    this.#overwritten = ''
  }

  #add(text: string): void {
    if (text === '') return
    if (this.#afterReturn) {
      // Not followed by a newline: what stood in the line is drawn over.
      this.#afterReturn = false
      this.#drawBar(this.#line)
      this.#overwritten = this.#line
      this.#line = ''
    }
    this.#line += text
    while (this.#line.length > longestLine) {
      this.#keep(this.#line.slice(0, longestLine), true)
      this.#line = this.#line.slice(longestLine)
    }
  }

  #return(): void {
    this.#afterReturn = true
  }

  #newline(): void {
    const line = this.#line
    this.#afterReturn = false
    this.#line = ''
    this.#overwritten = ''
    const complete = this.#drawBar(line)
    // Nested bars move the cursor with newlines: neither those nor states in between are lines of a log.
    if (complete === false || (line === '' && this.#barDrawn)) return
    this.#barDrawn = complete === true
    this.#keep(line, false)
  }

  /** Whether the bar is complete, undefined where the text is none. */
  #drawBar(text: string): boolean | undefined {
    const bar = this.#onBar && text !== '' ? parseBar(text) : undefined
    if (!bar) return undefined
    this.#barDrawn = true
    if (bar.position === 0) this.#onBar?.(bar.progress)
    return bar.complete
  }

  #keep(text: string, cut: boolean): void {
    this.#tail = `${this.#tail}${text}\n`.slice(-tailLength)
    this.#log.write({ from: this.#from, text, ...(cut ? { cut: true } : {}) })
  }
}
