import { readdir, readFile, writeFile } from 'node:fs/promises'

/** Resident bytes of a process: now, and at most since `forgetPeaks`. */
export interface Resident {
  readonly pid: number
  readonly command: string
  readonly now: number
  readonly peak: number
}

async function resident(pid: number): Promise<Resident | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const bytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) * 1024
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim()
    return { pid, command, now: bytes('VmRSS'), peak: bytes('VmHWM') }
  } catch {
    return undefined // ended meanwhile
  }
}

/** A process and all its descendants. */
export async function family(root: number): Promise<readonly Resident[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at))
      if (at === root) return true
    return false
  }
  const seen = await Promise.all([...parents.keys()].filter(belongs).map(resident))
  return seen.filter((one) => one !== undefined && !Number.isNaN(one.now)) as Resident[]
}

/** Lets the kernel count peaks anew. */
export async function forgetPeaks(processes: readonly Resident[]): Promise<void> {
  for (const { pid } of processes) await writeFile(`/proc/${pid}/clear_refs`, '5')
}
