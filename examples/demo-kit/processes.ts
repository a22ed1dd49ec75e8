import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'

/** A process, told from a later one that got the same number by when it started. */
export interface ProcessId {
  readonly pid: number
  readonly startedAt: string
}

/** Children, their children and so on. Where there is no /proc nothing is found. */
export async function descendantsOf(pid: number): Promise<ProcessId[]> {
  const entries = await readdir('/proc').catch(() => [])
  const all = entries
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
  const found: ProcessId[] = []
  const visit = (parent: number): void => {
    for (const child of all)
      if (child.parent === parent) {
        found.push({ pid: child.pid, startedAt: child.startedAt })
        visit(child.pid)
      }
  }
  visit(pid)
  return found
}

/** Zombies count as gone: they only wait for someone to ask how they ended. */
export function isAlive({ pid, startedAt }: ProcessId): boolean {
  const stat = statOf(pid)
  return (
    stat !== undefined && stat.startedAt === startedAt && stat.state !== 'Z' && stat.state !== 'X'
  )
}

/** The command line of a process, blanks between the words; empty when it is gone. */
export function commandOf({ pid }: ProcessId): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

/** CPU time that a process has used, its threads included; 0 when it is gone. */
export function cpuSecondsOf({ pid }: ProcessId): number {
  const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Node runs on
  return (statOf(pid)?.cpuTicks ?? 0) / ticksPerSecond
}

function statOf(pid: number) {
  try {
    // The name in brackets may hold anything; proc(5) numbers the fields after it from 3.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const cpuTicks = Number(fields[11]) + Number(fields[12])
    return {
      pid,
      state: fields[0],
      parent: Number(fields[1]),
      startedAt: fields[19] ?? '',
      cpuTicks,
    }
  } catch {
    return undefined
  }
}
