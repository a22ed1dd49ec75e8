import { readdir, readFile } from 'node:fs/promises'

export interface ProcessSeen {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Living processes whose environment holds `mark`; zombies count as gone. Empty where there is no /proc. */
export async function markedProcesses(mark: string): Promise<readonly ProcessSeen[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const seen = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
        if (!environment.split('\0').includes(mark)) return []
        const { state, parent } = await statOf(Number(pid))
        const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
        return state === 'Z' ? [] : [{ pid: Number(pid), parent, command: command.trim() }]
      } catch {
        return [] // ended while we looked
      }
    }),
  )
  return seen.flat()
}

/** `pid (name) state ppid …`; the name may hold anything, so the fields are counted from its closing bracket. */
async function statOf(pid: number): Promise<{ state: string; parent: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state, parent: Number(parent) }
}

export async function isChildOf(pid: number, parent: number): Promise<boolean> {
  return statOf(pid).then(
    (stat) => stat.parent === parent && stat.state !== 'Z',
    () => false,
  )
}
