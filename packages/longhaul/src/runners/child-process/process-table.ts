import { readdirSync, readFileSync } from 'node:fs'

// As UTF-8, which Node reads in one step: whatever a name may hold that is none, nobody looks at it.

/** What /proc says of one process. On a system without /proc nothing is ever found, and groups alone are killed. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** R, S, D, Z, X … */
  readonly state: string
  /** Clock ticks since boot (100 a second). */
  readonly startTicks: number
  /** Of itself and the children it has waited for. */
  readonly cpuMs: number
  readonly rssBytes: number
}

export const ticksPerSecond = 100
const pageBytes = 4096

export function readProcess(pid: number): ProcessEntry | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in brackets and may hold anything, brackets included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (field: number): number => Number(fields[field - 3])
  return {
    pid,
    state: fields[0] ?? '',
    parent: at(4),
    group: at(5),
    cpuMs: ((at(14) + at(15) + at(16) + at(17)) * 1000) / ticksPerSecond,
    startTicks: at(22),
    rssBytes: at(24) * pageBytes,
  }
}

/** A zombie has ended; only its parent can make the entry go. */
export const isAlive = (entry: ProcessEntry | undefined): entry is ProcessEntry =>
  entry !== undefined && entry.state !== 'Z' && entry.state !== 'X'

export function livingProcesses(among: (pid: number) => boolean = () => true): ProcessEntry[] {
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && among(pid))
    .map(readProcess)
    .filter(isAlive)
}

/** The processes below `pid` that it has not lost, and itself: cheap, but blind for what became an orphan. */
export function familyOf(pid: number): ProcessEntry[] {
  const entry = readProcess(pid)
  if (!isAlive(entry)) return []
  return [entry, ...childrenOf(pid).flatMap(familyOf)]
}

/** Each thread has the list of the children it made. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return [] // ended meanwhile, or a kernel without these lists
  }
}

/** The pid that was given out last, to anyone: between two readings, only pids between them can be new. */
export function newestPid(): number | undefined {
  try {
    return Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1))
  } catch {
    return undefined
  }
}
