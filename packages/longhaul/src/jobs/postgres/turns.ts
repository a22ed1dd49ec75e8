import { isCapped } from '../rules/index.ts'

export interface TurnLane {
  readonly owner: string
  readonly ready: number
  readonly running: number
  readonly max_running: number | null
  readonly served: number
}
/** How many jobs a lane may start, and the number of the queue's claim that served it last. */
export interface Turn {
  readonly owner: string
  count: number
  served: number
}

/**
 * Whose turn it is, for so many slots at once: each goes to the lane with the fewest running, then to the one served
 * longest ago, as if they were given one by one.
 */
export function turnsOf(lanes: readonly TurnLane[], room: number, claims: number): readonly Turn[] {
  const waiting = lanes
    .filter((lane) => lane.ready > 0 && !isCapped(lane))
    .sort((a, b) => a.running - b.running || a.served - b.served)
    // Each slot brings in at most one lane that had none before, in this order.
    .slice(0, room)
    .map((lane) => ({ ...lane }))
  const turns = new Map<string, Turn>()
  for (let given = 1; given <= room; given += 1) {
    let next: (typeof waiting)[number] | undefined
    for (const lane of waiting) {
      if (lane.ready === 0 || isCapped(lane)) continue
      if (
        next === undefined ||
        lane.running < next.running ||
        (lane.running === next.running && lane.served < next.served)
      )
        next = lane
    }
    if (next === undefined) break
    next.ready -= 1
    next.running += 1
    next.served = claims + given
    const turn = turns.get(next.owner) ?? { owner: next.owner, count: 0, served: 0 }
    turns.set(next.owner, Object.assign(turn, { count: turn.count + 1, served: next.served }))
  }
  return [...turns.values()]
}
