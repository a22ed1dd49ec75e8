/** What the free room of a volume was, now and then. */
interface Sample {
  readonly at: number
  readonly free: number
}

const windowMs = 6 * 60 * 60 * 1000
const everyMs = 60 * 1000
/** Less than this tells nothing: one large upload would fill every disk within the hour. */
const enoughMs = 10 * 60 * 1000

/** When a volume will be full if it goes on as in the past hours. Remembers a sample a minute. */
export class DiskTrend {
  #samples: Sample[] = []

  add(at: number, free: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && at - last.at < everyMs) return
    this.#samples = [...this.#samples.filter((one) => at - one.at <= windowMs), { at, free }]
  }

  /** Undefined while nothing can be said, or the room does not shrink. */
  fullInMs(floor: number): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < enoughMs) return undefined
    const lostPerMs = (first.free - last.free) / (last.at - first.at)
    return lostPerMs <= 0 ? undefined : Math.max(0, last.free - floor) / lostPerMs
  }
}
