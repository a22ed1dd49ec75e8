import type { OutboundRequest } from './outbound.ts'

const defaultSilenceMs = 30_000

/** How long one request may take as a whole, and how long it may be silent. */
export interface Patience {
  /** Aborts when either is over, or when the caller gives up. */
  readonly signal: AbortSignal
  /** For what takes no signal. */
  orGiveUp<T>(work: Promise<T>): Promise<T>
  /** Something came, and the caller has it; until `expect`, the silence is the caller's own. */
  heard(): void
  /** From now on something should come. */
  expect(): void
  /** Undefined while it goes on, or when something else went wrong. */
  endedBy(): 'caller' | string | undefined
  end(): void
}

export function patienceFor({
  signal: caller,
  timeoutMs,
  silenceMs = defaultSilenceMs,
}: OutboundRequest): Patience {
  const stopping = new AbortController()
  let endedBy: string | undefined
  const giveUp = (why: string): void => {
    if (stopping.signal.aborted) return
    endedBy = why
    stopping.abort()
  }
  const total = setTimeout(() => giveUp(`took longer than ${timeoutMs} ms`), timeoutMs)
  let silence: NodeJS.Timeout | undefined
  let over = false
  const heard = (): void => clearTimeout(silence)
  const expect = (): void => {
    clearTimeout(silence)
    if (!over) silence = setTimeout(() => giveUp(`was silent for ${silenceMs} ms`), silenceMs)
  }
  expect()
  const leave = (): void => giveUp('caller')
  caller?.addEventListener('abort', leave)
  if (caller?.aborted) leave()
  return {
    signal: stopping.signal,
    orGiveUp: (work) =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(stopping.signal.reason as Error)
        if (stopping.signal.aborted) stop()
        stopping.signal.addEventListener('abort', stop, { once: true })
        work.then(resolve, reject)
      }),
    heard,
    expect,
    endedBy: () => endedBy,
    end() {
      over = true
      clearTimeout(total)
      clearTimeout(silence)
      caller?.removeEventListener('abort', leave)
    },
  }
}
