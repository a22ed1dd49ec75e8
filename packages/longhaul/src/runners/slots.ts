/** A number of places, given out in the order of asking. */
export interface Slots {
  /** Gives the place back when called; undefined when the signal aborted, or the slots closed, first. */
  readonly take: (signal: AbortSignal) => Promise<(() => void) | undefined>
  readonly close: () => void
}

export function slotsOf(count: number): Slots {
  let free = Math.max(1, count)
  let closed = false
  const waiting: ((place: (() => void) | undefined) => void)[] = []
  const place = (): (() => void) => {
    let given = true
    return () => {
      if (!given) return
      given = false
      const next = waiting.shift()
      if (next) next(place())
      else free++
    }
  }
  return {
    take: (signal) => {
      if (signal.aborted || closed) return Promise.resolve(undefined)
      if (free > 0) {
        free--
        return Promise.resolve(place())
      }
      return new Promise((resolve) => {
        waiting.push(resolve)
        signal.addEventListener('abort', () => {
          const at = waiting.indexOf(resolve)
          if (at !== -1) waiting.splice(at, 1)
          resolve(undefined)
        })
      })
    },
    close: () => {
      closed = true
      for (const give of waiting.splice(0)) give(undefined)
    },
  }
}
