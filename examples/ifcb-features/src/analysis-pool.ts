import { open } from 'node:fs/promises'
import type { AnalyseOptions, RoiAnalysis, UnanalysableReason } from './analyse-roi.ts'

/**
 * One image to analyse, named by its ROI number. With `offset` it is read where it lies in the shared bytes of the .roi, by
 * whichever thread takes it; with `pixels` (a stitched image, which lies nowhere) it is copied to that thread.
 */
export type RoiSource = {
  /** 1-based line number of its target in the .adc. */
  readonly number: number
  readonly width: number
  readonly height: number
} & ({ readonly offset: number } | { readonly pixels: Uint8Array })

/** The outcome of one source, with its number and size. */
export type RoiOutcome = {
  readonly number: number
  readonly width: number
  readonly height: number
} & (
  | ({ readonly kind: 'analysed' } & RoiAnalysis)
  | { readonly kind: 'failed'; readonly reason: UnanalysableReason; readonly detail: string }
)

export interface PoolOptions extends AnalyseOptions {
  /** Worker threads. @default the processors this process may use */
  readonly threads?: number
}

export interface AnalysisPool extends AsyncDisposable {
  readonly threads: number
  /**
   * Analyses images on all threads and yields one outcome per source, in the order of `sources`, whatever order they end in.
   * Sources are taken, and outcomes kept, no further ahead than a few images per thread, so memory does not grow with the bin.
   * A failed image is an outcome; an error thrown means that the pool is broken. Leaving the loop early is fine. Several calls
   * may run at once and share the threads.
   *
   * @param roi every byte of the .roi, as `readShared` gives it; may be empty when all sources have `pixels`
   * @param options.signal rejects with its reason within the time of one image
   */
  analyse(
    roi: Uint8Array<SharedArrayBuffer>,
    sources: Iterable<RoiSource>,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<RoiOutcome, void, undefined>
  /** Ends the threads; what is under way is lost. */
  stop(): Promise<void>
}

/** Starts worker threads; each keeps its own tables of the sizes it has met, so keep the pool between bins. */
export function openAnalysisPool(options: PoolOptions = {}): AnalysisPool {
  throw new Error(`a pool of ${options.threads} threads is not built yet`)
}

/** Reads a file into memory that threads share without copying. */
export async function readShared(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const bytes = new Uint8Array(new SharedArrayBuffer(size))
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled)
    if (bytesRead === 0) break // it shrank meanwhile; what is missing stays 0
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
