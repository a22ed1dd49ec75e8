import type { Fleet } from './fleet.ts'

/** What is killed, and when: at this step, or at the instruction that is named. */
export interface Kill {
  readonly atStep: number
  readonly victim: string
  readonly carryOut: (fleet: Fleet) => Promise<boolean>
}

/** Between the flush of the writers and the record of the checkpoint. */
const midCheckpoint = ['worker.checkpoint-after-flush', 'worker.checkpoint-after-files'] as const

/** Ordered before the job begins, obeyed when its first output has been published. */
export const publishing: Kill = {
  atStep: 0,
  victim: 'the worker between publishing and settling (worker.after-complete-output)',
  carryOut: (fleet) => fleet.killWorkerAt('worker.after-complete-output').then(() => true),
}

/** Four kills in random order at random steps, with time for a checkpoint after the last. The same seed gives the same plan. */
export function planKills(seed: number, steps: number): readonly Kill[] {
  const random = randomFrom(seed)
  const point = midCheckpoint[Math.floor(random() * midCheckpoint.length)]!
  const anywhere: Omit<Kill, 'atStep'>[] = [
    { victim: 'the child that computes', carryOut: (fleet) => fleet.killProcessor() },
    { victim: 'the worker', carryOut: (fleet) => fleet.kill('worker').then(() => true) },
    { victim: 'the server', carryOut: (fleet) => fleet.kill('server').then(() => true) },
    {
      victim: `the worker in the middle of a checkpoint (${point})`,
      carryOut: (fleet) => fleet.killWorkerAt(point).then(() => true),
    },
  ]
  const order = anywhere
    .map((kill) => ({ kill, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ kill }) => kill)
  return order.map((kill, index) => ({
    ...kill,
    atStep: Math.floor(steps * (0.08 + 0.16 * (index + 0.7 * random()))),
  }))
}

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
