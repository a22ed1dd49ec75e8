import { once } from 'node:events'

/** The part of process.stdout and stderr that is used. */
export interface Sink {
  write(text: string | Uint8Array): boolean
  readonly isTTY?: boolean
  readonly columns?: number
}
export interface OutputOptions {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly quiet: boolean
  readonly json: boolean
  readonly now?: () => number
}

/** Everything a command shows. Data goes to stdout, words and bars to stderr, so that a pipe gets data alone. */
export interface Output {
  readonly json: boolean
  readonly quiet: boolean
  /** stdout is a person's terminal, not a pipe. */
  readonly terminal: boolean
  /** A line of data. Not with --json, where `object` says it. */
  data(line: string): void
  /** A line of JSON, with --json only. `object` names the shape; `v` counts up when a shape changes. */
  object(object: string, fields: object): void
  /** Bytes of data, as fast as the reader takes them. */
  raw(bytes: Uint8Array): Promise<void>
  /** Words for a person; --quiet leaves them out. */
  say(text: string): void
  /** What must be read even with --quiet. */
  complain(text: string): void
  /** The newest state of something that moves: redrawn in place on a terminal, else a line each 30 s. */
  live(line: string): void
  /** Nothing moves any more: the bar is gone from the terminal. */
  settle(): void
}

const drawEveryMs = 100
const sayEveryMs = 30_000

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, quiet, json } = options
  const now = options.now ?? Date.now
  const moving = stderr.isTTY === true
  let drawn = false
  /** When the newest line was shown; off a terminal the first one waits its 30 s too: short work needs no bar. */
  let last: number | undefined

  const clear = (): void => {
    if (drawn) stderr.write('\r\x1b[2K')
    drawn = false
  }
  const words = (text: string): void => {
    clear()
    stderr.write(`${text}\n`)
  }
  return {
    json,
    quiet,
    terminal: stdout.isTTY === true,
    data: (line) => {
      if (json) return
      clear()
      stdout.write(`${line}\n`)
    },
    object: (object, fields) => {
      if (json) stdout.write(`${JSON.stringify({ v: 1, object, ...fields })}\n`)
    },
    raw: async (bytes) => {
      clear()
      if (!stdout.write(bytes)) await once(stdout as unknown as NodeJS.WritableStream, 'drain')
    },
    say: (text) => {
      if (!quiet) words(text)
    },
    complain: words,
    live: (line) => {
      if (quiet) return
      last ??= moving ? -Infinity : now()
      if (now() - last < (moving ? drawEveryMs : sayEveryMs)) return
      last = now()
      if (!moving) return words(`  ${line}`)
      clear()
      // A line that wraps could not be cleared.
      stderr.write(`  ${line}`.slice(0, (stderr.columns ?? 80) - 1))
      drawn = true
    },
    settle: () => {
      clear()
      last = undefined
    },
  }
}
