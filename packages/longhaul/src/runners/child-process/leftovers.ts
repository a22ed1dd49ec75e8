import { uptime } from 'node:os'
import { killTree, type Tree } from './kill-tree.ts'
import { newestPid, ticksPerSecond } from './process-table.ts'

/** The moment an attempt began, as the kernel counts. */
export interface StartMark {
  readonly ticks: number
  readonly pid: number | undefined
  readonly at: number
}

export function markStart(): StartMark {
  return { ticks: Math.floor(uptime() * ticksPerSecond), pid: newestPid(), at: performance.now() }
}

/** So short that the kernel cannot have given out every pid in between. */
const shortMs = 1000

/**
 * Kills what an attempt left behind in the background, after a normal end of it on a child that stays. A short attempt
 * looks only at pids that were given out since it began, so a quick job does not pay for reading the whole process table.
 */
export async function killLeftovers(
  of: Pick<Tree, 'group' | 'attemptId' | 'processMark'>,
  start: StartMark,
): Promise<number> {
  const tree = { ...of, sparedBefore: start.ticks }
  const newest = newestPid()
  const { pid: first } = start
  if (performance.now() - start.at > shortMs || first === undefined || newest === undefined)
    return killTree(tree)
  if (newest === first) return 0
  const among =
    newest > first
      ? (pid: number): boolean => pid > first && pid <= newest
      : (pid: number): boolean => pid > first || pid <= newest // the numbers began anew
  // The pid tells what is new, so what began in the very tick of the start goes too.
  return killTree({ ...tree, sparedBefore: start.ticks - 1, among })
}
