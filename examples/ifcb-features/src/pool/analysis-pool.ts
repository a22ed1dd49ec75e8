import { availableParallelism } from 'node:os'
import type { AnalyseOptions } from '../analyse-roi.ts'
import type { RoiOutcome, RoiSource } from './roi-source.ts'
import { startThreads, type Run } from './threads.ts'

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

/** Enough that a thread finds work while a large image before it holds up the order. */
const aheadPerThread = 8

/** Starts worker threads; each keeps its own tables of the sizes it has met, so keep the pool between bins. */
export function openAnalysisPool({
  threads: count = availableParallelism(),
  ...options
}: PoolOptions = {}): AnalysisPool {
  const threads = startThreads(count, options)
  const stop = () => threads.stop()
  return {
    threads: count,
    async *analyse(roi, sources, { signal } = {}) {
      signal?.throwIfAborted()
      const aborted = Promise.withResolvers<never>()
      aborted.promise.catch(() => {})
      const abort = () => aborted.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      const ahead: Run[] = []
      const rest = sources[Symbol.iterator]()
      try {
        for (;;) {
          while (ahead.length < count * aheadPerThread) {
            const next = rest.next()
            if (next.done) break
            ahead.push(threads.run({ roi, source: next.value }))
          }
          const first = ahead.shift()
          if (!first) return
          yield await Promise.race([first.outcome, aborted.promise])
          signal?.throwIfAborted()
        }
      } finally {
        signal?.removeEventListener('abort', abort)
        for (const { forget } of ahead) forget()
        rest.return?.()
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
