import { expect, it } from 'vitest'
import { faultPoints } from '../../support/fault-point.ts'
import { FaultSchedule } from './fault-schedule.ts'
import { seededRandom } from './seeded-random.ts'

it('gives every named point its turn before any has a second one', () => {
  const schedule = new FaultSchedule()
  const random = seededRandom(7)
  const planned = faultPoints.map(() => schedule.nextDeath(random).point)
  expect([...planned].sort()).toEqual([...faultPoints].sort())
})

it('comes back to a point at which no server died', () => {
  const schedule = new FaultSchedule()
  const random = seededRandom(7)
  for (const point of faultPoints.slice(1)) schedule.died(point)
  expect(schedule.missed).toEqual([faultPoints[0]])
  expect(schedule.nextDeath(random).point).toBe(faultPoints[0])
})

it('repeats itself with the same seed', () => {
  const plan = (seed: number) => {
    const schedule = new FaultSchedule()
    const random = seededRandom(seed)
    return Array.from({ length: 20 }, () => schedule.nextDeath(random))
  }
  expect(plan(1)).toEqual(plan(1))
  expect(plan(1)).not.toEqual(plan(2))
})
