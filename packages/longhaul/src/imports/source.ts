import { LonghaulError } from '../errors/index.ts'

/**
 * Where files come from: one implementation a folder. It asks and reads, and knows nothing of uploads; waiting, trying again
 * and going on where it stopped are the transfer's. Every failure is a SourceFailure or one of the outbound guard.
 */
export interface Source {
  /** Every file there is, as it is now. */
  list(signal: AbortSignal): AsyncIterable<FoundFile>
  /** The same file as it is now. */
  look(place: string, signal: AbortSignal): Promise<FoundFile>
  /** These bytes of that very version, `end` included; all of them without a range. 'changed' where it is another by now. */
  read(file: FoundFile, range: Range | undefined, signal: AbortSignal): Promise<Bytes>
  /** Before a reading that was cut goes on, for a source that does not check the version with each. */
  confirm?(file: FoundFile, signal: AbortSignal): Promise<void>
  /** Has the store itself fetch the part, where both are in one place. */
  copyPart?(file: FoundFile, range: Range, to: StorePart, signal: AbortSignal): Promise<void>
  close?(): void
}

export interface FoundFile {
  /** What the source calls it. */
  readonly place: string
  /** A relative path that the store takes. */
  readonly name: string
  /** Absent: the source does not say before the end. */
  readonly sizeBytes?: number
  readonly mediaType?: string
  /** Tells this version from others. */
  readonly version?: string
  /** Whether parts of this version can be asked for. */
  readonly ranged: boolean
  readonly md5?: string
  /** It is there, and cannot be had. */
  readonly error?: string
}
export interface Range {
  readonly start: number
  readonly end: number
}
export type Bytes = AsyncIterable<Uint8Array>
export interface StorePart {
  readonly key: string
  readonly storeUploadId: string
  readonly partNumber: number
}

/** `passing`: another try may go well. `changed`: the version is gone, begin again. `refused`: it will never be had. */
export class SourceFailure extends Error {
  readonly kind: 'passing' | 'changed' | 'refused'
  readonly problem: LonghaulError
  readonly retryAfterMs: number | undefined

  constructor(
    kind: SourceFailure['kind'],
    problem: LonghaulError,
    { retryAfterMs }: { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(problem.message)
    this.kind = kind
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

export const refused = (detail: string) =>
  new SourceFailure('refused', new LonghaulError('source-refused', detail))
export const changed = (detail: string) =>
  new SourceFailure('changed', new LonghaulError('source-changed', detail))
export const passing = (detail: string, retryAfterMs?: number) =>
  new SourceFailure('passing', new LonghaulError('outbound-failed', detail), { retryAfterMs })

const longestPauseMs = 3_600_000

/** Seconds or a date. Undefined: neither. */
export function retryAfterOf(said: string | undefined, now = Date.now()): number | undefined {
  if (said === undefined) return undefined
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), longestPauseMs) : undefined
}

/** What any HTTP server may say that another time it may not. */
export const mayPass = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500
