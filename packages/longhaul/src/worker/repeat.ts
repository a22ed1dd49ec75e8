import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Does it at once and then again, `ms` after each end, until the signal aborts. A failure is logged and does not end it. */
export async function repeat(
  what: string,
  ms: number | (() => number),
  work: () => Promise<unknown>,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      log.error({ err: error }, `${what} failed, trying again`)
    }
    await pause(typeof ms === 'number' ? ms : ms(), signal)
  }
}

/** Resolves also when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)

/** The nth pause of somebody who tries again: doubled each time up to `mostMs`, and shorter by chance, so that not all come at once. */
export const growingPauseMs = (failures: number, firstMs: number, mostMs: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures, 30)) * (0.5 + Math.random() / 2)
