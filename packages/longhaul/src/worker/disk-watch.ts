import type { Config } from '../app/config.ts'
import { isBelowFloor, roomOf, type Room } from '../storage/index.ts'
import type { Storage } from '../storage/object-store.ts'

const staleMs = 1000

/**
 * Whether there is too little room to begin anything: where workspaces and logs are, or in a store that can tell. What runs
 * goes on: it needs the rest to end.
 */
export class DiskWatch {
  readonly #config: Pick<Config, 'dataDir' | 'diskFloorBytes'>
  readonly #storage: Pick<Storage, 'freeBytes'>
  #isLow = false
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(
    config: Pick<Config, 'dataDir' | 'diskFloorBytes'>,
    storage: Pick<Storage, 'freeBytes'>,
  ) {
    this.#config = config
    this.#storage = storage
  }

  get isLow(): boolean {
    return this.#isLow
  }

  /** Looks unless that was done a moment ago. A volume that cannot be asked is not called full. */
  look(): Promise<void> {
    if (performance.now() - this.#lookedAt < staleMs) return Promise.resolve()
    return (this.#looking ??= this.#ask().finally(() => (this.#looking = undefined)))
  }

  async #ask(): Promise<void> {
    const rooms = await Promise.all([
      roomOf(this.#config.dataDir).catch(() => undefined),
      this.#storage.freeBytes().catch(() => undefined),
    ])
    const known = rooms.filter((room): room is Room => room !== undefined)
    this.#isLow = known.some((room) => isBelowFloor(room, this.#config.diskFloorBytes))
    this.#lookedAt = performance.now()
  }
}
