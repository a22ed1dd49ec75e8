import type { SeededRandom } from '../torture/seeded-random.ts'
import type { Blows } from './blows.ts'

/** One way in. Its client remembers the upload's id alone: what else it needs to go on, it asks the service. */
export interface Door {
  readonly name: string
  readonly sizes: readonly [least: number, most: number]
  /** The upload's id. */
  start(url: string, filename: string, size: number): Promise<string | undefined>
  /** Sends some of what is missing, wrong in whatever way the random numbers say. */
  strike(at: Place, random: SeededRandom, blows: Blows): Promise<'struck' | 'all there' | 'away'>
  /** Sends one thing that is missing, as it should be; true when the service says that the upload is complete. */
  resume(at: Place): Promise<boolean>
}
export interface Place {
  readonly url: string
  readonly id: string
  readonly source: Buffer
}
