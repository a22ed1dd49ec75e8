import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import type { WorkerInfo } from '../jobs/engine.ts'

/**
 * Where a pid means something: this boot of this machine, and the pid namespace, which each container has for itself.
 * Empty parts where the system does not tell.
 */
const pidSpace = (): string =>
  `${readText('/proc/sys/kernel/random/boot_id')}/${/\d+/.exec(readLink('/proc/self/ns/pid'))?.[0] ?? ''}`

/** Start time of a process in clock ticks since boot, so that a reused pid is not taken for the old process. */
function startTicks(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  // The command may hold blanks and parentheses; field 22 is the 20th after the last ')'.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Two containers may share host name, pid and start; a few random letters keep their workers apart. */
export function thisWorker({
  host,
  slots,
  version,
}: Required<Pick<WorkerInfo, 'host' | 'slots' | 'version'>>): WorkerInfo {
  const { pid } = process
  return {
    id: [host, pid, randomBytes(3).toString('hex'), startTicks(pid)].join(':'),
    host,
    bootId: pidSpace(),
    pid,
    slots,
    version,
  }
}

/**
 * Whether the process of a worker row of this host's name is there. Only what can be known counts as gone: a pid of another
 * container says nothing. Another boot is an earlier one of this machine where nobody else can have the database
 * (`oneMachine`); elsewhere it may be another machine of the same name, and its lease must tell.
 */
export function isWorkerAlive(
  worker: Pick<WorkerInfo, 'id' | 'bootId' | 'pid'>,
  { oneMachine }: { readonly oneMachine: boolean },
): boolean {
  const [boot, namespace] = worker.bootId.split('/')
  const [ownBoot, ownNamespace] = pidSpace().split('/')
  if (boot !== ownBoot) return !oneMachine
  if (namespace !== undefined && namespace !== ownNamespace) return true
  try {
    process.kill(worker.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const started = worker.id.split(':').at(-1)
  return started === '' || startTicks(worker.pid) === started
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
