import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'

const limitMs = 120_000

/** Whether a second try may mend it: it is nobody's mistake, and no disk that is full. */
export function mayPass(error: unknown): boolean {
  if (isLonghaulError(error)) return error.code === 'unavailable'
  return !(error instanceof TypeError) && !isDiskFull(error)
}

export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')

/**
 * Does `work` again while the store fails for a moment: hours of an author's work must not be lost over it. Gives up at
 * once when the signal aborts, after two minutes with 'unavailable'.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  options: { readonly signal: AbortSignal; readonly onTrouble: (error: unknown) => void },
): Promise<T> {
  const end = performance.now() + limitMs
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5000)) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || options.signal.aborted) throw error
      if (performance.now() + pauseMs > end)
        throw new LonghaulError('unavailable', 'Storage could not be reached for two minutes.', {
          cause: error,
        })
      options.onTrouble(error)
      await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined)
    }
  }
}
