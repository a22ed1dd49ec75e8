import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names this process for ever: a bare pid comes back after a reboot, in another container, or when numbers wrap.
 * It is part of temporary names, so that whoever finds one can tell whether its writer still lives.
 */
export const ownMark = [bootId(), pidNamespace(), process.pid, startOf(process.pid)?.start ?? 0]
  .concat(randomBytes(4).toString('hex'))
  .join('-')

/** `unknown`: a process of another container, which cannot be seen from here. */
export function fateOf(mark: string): 'live' | 'dead' | 'unknown' {
  const [boot, namespace, pid, start] = mark.split('-')
  if (boot !== bootId()) return 'dead'
  if (namespace !== pidNamespace()) return 'unknown'
  const found = startOf(Number(pid))
  if (found) return found.start === start && !found.zombie ? 'live' : 'dead'
  if (process.platform === 'linux') return 'dead'
  return answersSignals(Number(pid)) ? 'live' : 'dead'
}

/** Start time in clock ticks since boot; undefined where there is no such process, or no /proc. */
function startOf(pid: number): { start: string; zombie: boolean } | undefined {
  const stat = read(`/proc/${pid}/stat`)
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const start = fields?.[19]
  return start === undefined ? undefined : { start, zombie: fields?.[0] === 'Z' }
}

function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '0'
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
