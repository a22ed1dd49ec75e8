/** How an import behaves on a bad line; tests have smaller parts and no patience. */
export interface Tuning {
  /** Of the upload: what an attempt that dies can lose of each stream. */
  readonly partBytes: number
  /** Streams of one file, where its source gives out parts and the file has so many of them. */
  readonly parallel: number
  readonly parallelFromBytes: number
  /** So often in one attempt without a byte in between; then the job waits and tries again. */
  readonly tries: number
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** Longer pauses than this are not slept out: the job gives its slot to others. */
  readonly longestNapMs: number
  /** A source that sends nothing for so long is given up for this try. */
  readonly silenceMs: number
  /** Before the job's second attempt; doubled for each one after, up to an hour. */
  readonly retryMs: number
  /** Attempts that may fail. */
  readonly attempts: number
  /** Of a folder. */
  readonly maxFiles: number
  readonly maxDepth: number
}

const MiB = 1024 * 1024

export const defaultTuning: Tuning = {
  partBytes: 16 * MiB,
  parallel: 4,
  parallelFromBytes: 64 * MiB,
  tries: 10,
  firstPauseMs: 500,
  longestPauseMs: 60_000,
  longestNapMs: 120_000,
  silenceMs: 60_000,
  retryMs: 30_000,
  attempts: 10,
  maxFiles: 10_000,
  maxDepth: 32,
}
