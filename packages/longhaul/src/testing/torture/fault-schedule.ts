import { faultPoints, type FaultPoint } from '../../support/fault-point.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { PlannedFault } from './server-plan.ts'

/** Where a process that slept through its lease does most harm: before each step of settling. */
const zombiePoints = ['worker.before-settle', 'worker.before-publishing'] as const

/**
 * Decides where the next server dies, so that every named point has its turn: first those that were reached least
 * often, over all runs.
 */
export class FaultSchedule {
  readonly points: readonly FaultPoint[]
  readonly #deaths: Map<FaultPoint, number>
  readonly #planned = new Map<FaultPoint, number>()

  constructor(points: readonly FaultPoint[] = faultPoints) {
    this.points = points
    this.#deaths = new Map(points.map((point) => [point, 0]))
  }

  /** Deaths by point, so far. */
  get deaths(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#deaths)
  }

  get missed(): readonly FaultPoint[] {
    return this.points.filter((point) => this.#deaths.get(point) === 0)
  }

  nextDeath(random: SeededRandom, points: readonly FaultPoint[] = this.points): PlannedFault {
    const rank = (point: FaultPoint): number =>
      (this.#deaths.get(point) ?? 0) * 1000 + (this.#planned.get(point) ?? 0)
    const least = Math.min(...points.map(rank))
    const point = random.pick(points.filter((candidate) => rank(candidate) === least))
    const planned = this.#planned.get(point) ?? 0
    this.#planned.set(point, planned + 1)
    // Planned in vain before: the run was over too soon, so the first passing will do.
    if (planned >= 2 && this.#deaths.get(point) === 0) return { point, action: 'die', hit: 1 }
    // Commits and store calls are frequent: the first ones belong to starting up.
    const hit = point.startsWith('worker.') ? random.between(1, 3) : random.between(1, 12)
    return { point, action: 'die', hit }
  }

  nextSleep(random: SeededRandom): PlannedFault {
    return { point: random.pick(zombiePoints), action: 'stop', hit: random.between(1, 2) }
  }

  died(point: FaultPoint): void {
    this.#deaths.set(point, (this.#deaths.get(point) ?? 0) + 1)
  }
}
