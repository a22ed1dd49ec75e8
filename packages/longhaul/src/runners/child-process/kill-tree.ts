import { setTimeout as sleep } from 'node:timers/promises'
import { marksOf } from './attempt-marks.ts'
import { livingProcesses, readProcess, type ProcessEntry } from './process-table.ts'

/** No /proc: the group is all we can reach. */
const noTable = readProcess(process.pid) === undefined

/** Which processes belong to an attempt. */
export interface Tree {
  /** A process group of ours; its leader's pid. */
  readonly group: number
  /** LONGHAUL_ATTEMPT_ID, for what left the group. */
  readonly attemptId: string
  /** LONGHAUL_PROCESS_MARK, for a daemon that was forked from the group's leader and started no program. */
  readonly processMark?: string
  /**
   * Set when the group's leader stays (a warm child after a normal end): only what began after this tick goes, so that
   * helpers which setup() started stay too. Unset: everything goes.
   */
  readonly sparedBefore?: number
  /** Where new processes can be, when that is known (see newestPid). */
  readonly among?: (pid: number) => boolean
}

/**
 * SIGKILL to every process of the tree, again and again until none is left: a process may fork between the look and the
 * kill. Answers the number of processes it found. A zombie counts as gone.
 */
export async function killTree(tree: Tree, limitMs = 30_000): Promise<number> {
  const found = new Set<number>()
  const end = performance.now() + limitMs
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    const members = membersOf(tree)
    const wholeGroup = tree.sparedBefore === undefined
    // In one stroke, so that no fork slips through; only while somebody is in it, because its number may be given anew.
    if (wholeGroup && (noTable || members.some(({ group }) => group === tree.group)))
      signalGroup(tree.group, 'SIGKILL')
    if (members.length === 0) return found.size
    for (const { pid } of members) {
      found.add(pid)
      signalProcess(pid, 'SIGKILL')
    }
    // A process that cannot die (state D, a broken disk) must not hold the attempt's end for ever.
    if (performance.now() > end) return found.size
    await sleep(pauseMs)
  }
}

export function membersOf(tree: Tree): ProcessEntry[] {
  const living = livingProcesses(tree.among)
  const byPid = new Map(living.map((entry) => [entry.pid, entry]))
  const descends = (entry: ProcessEntry | undefined, hops = 0): boolean =>
    entry !== undefined &&
    hops < 100 &&
    (entry.parent === tree.group || descends(byPid.get(entry.parent), hops + 1))
  const isNew = ({ startTicks }: ProcessEntry): boolean =>
    tree.sparedBefore === undefined || startTicks > tree.sparedBefore
  return living.filter((entry) => {
    if (entry.pid === tree.group) return tree.sparedBefore === undefined
    if ((entry.group === tree.group || descends(entry)) && isNew(entry)) return true
    const marks = marksOf(entry.pid)
    if (marks?.attemptId === tree.attemptId) return true
    return tree.processMark !== undefined && marks?.processMark === tree.processMark && isNew(entry)
  })
}

/** False when there is no such group. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return signalProcess(-group, signal)
}

export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
