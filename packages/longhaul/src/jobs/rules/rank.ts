import type { Priority } from '../job.ts'

const priorityMs = 15 * 60_000

/** A later priority is a later place in the queue: aging as virtual time, so nothing waits for ever (engine.md §5). */
export const rankOf = (runAfter: number, priority: Priority): number =>
  runAfter + (priority - 1) * priorityMs
