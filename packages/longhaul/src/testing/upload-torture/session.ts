import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from '../torture/seeded-random.ts'
import { tally, type Blows } from './blows.ts'
import type { Door, Place } from './door.ts'
import { partsDoor } from './parts-door.ts'
import { tusDoor } from './tus-door.ts'

const doors: readonly Door[] = [partsDoor, tusDoor]
const mostTries = 400
/** Between two looks whether the service is back. */
const awayMs = 150

/** One upload from its start to its end, through the faults of a service that dies meanwhile. */
export class UploadSession {
  readonly door: Door
  readonly source: Buffer
  readonly filename: string
  readonly blows: Blows = tally()
  readonly #random: SeededRandom
  #id: string | undefined

  constructor(number: number, random: SeededRandom, bytes: (size: number) => Buffer) {
    this.#random = random
    this.door = doors[number % doors.length]!
    this.filename = `torture-${number}.bin`
    this.source = bytes(random.between(...this.door.sizes))
  }

  get id(): string {
    return this.#id ?? 'none'
  }

  /** So many blows, or until it is all there. */
  async suffer(url: string, blows: number): Promise<void> {
    for (let struck = 0, tries = 0; struck < blows && tries < mostTries; tries++) {
      this.#id ??= await this.door.start(url, this.filename, this.source.length)
      const how =
        this.#id === undefined
          ? 'away'
          : await this.door.strike(this.#place(url, this.#id), this.#random, this.blows)
      if (how === 'all there') return
      if (how === 'struck') struck++
      else await pause(awayMs)
    }
  }

  /** The faults are over: to the end, by whatever the service says is missing. */
  async finish(url: string): Promise<void> {
    for (let attempt = 0; attempt < mostTries; attempt++) {
      this.#id ??= await this.door.start(url, this.filename, this.source.length)
      if (this.#id !== undefined && (await this.door.resume(this.#place(url, this.#id)))) return
    }
    throw new Error(`${this.filename} (${this.door.name}) did not end in ${mostTries} requests`)
  }

  #place(url: string, id: string): Place {
    return { url, id, source: this.source }
  }
}
