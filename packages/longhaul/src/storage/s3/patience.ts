/** Runs only while somebody waits for the store. */
export interface Patience {
  /** Begins to wait, or waits anew: something has happened. */
  start(): void
  stop(): void
  end(): void
}

/** One timer for all of it: to set one anew for every chunk would cost more than sending the chunk. */
export function patience(ms: number, giveUp: (error: Error) => void): Patience {
  let since: number | undefined
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    timer = undefined
    if (since === undefined) return
    const left = since + ms - performance.now()
    if (left > 0) timer = setTimeout(look, left).unref()
    else giveUp(stalled(ms))
  }
  return {
    start() {
      since = performance.now()
      timer ??= setTimeout(look, ms).unref() // the connection keeps the process alive, if anything does
    },
    stop() {
      since = undefined
    },
    end() {
      since = undefined
      clearTimeout(timer)
    },
  }
}

export const stalled = (ms: number): Error =>
  Object.assign(new Error(`Nothing happened for ${ms} ms`), { code: 'ETIMEDOUT' })
